import type { Queryable } from "../database.ts";

export interface RatePoint {
  readonly at: string;
  readonly publishedPerSecond: number;
  readonly settledPerSecond: number;
  readonly failedPerSecond: number;
}

/**
 * How fast all topics and consumers together went over the last hour, oldest first. Each series is found by its
 * primary key: of a table that keeps 30 days only the hour is read.
 */
export async function selectRates(db: Queryable, everySeconds: number): Promise<RatePoint[]> {
  const { rows } = await db.query<RatePoint>({
    name: "select_rates",
    text: `
      WITH consumed AS (
        SELECT s.at, s.settled_count - lag(s.settled_count) OVER w AS settled, s.failed_count - lag(s.failed_count) OVER w AS failed
        FROM subscription u
        CROSS JOIN LATERAL (
          SELECT * FROM consumer_sample
          WHERE consumer_id = u.consumer_id AND topic_id = u.topic_id AND resolution_s = 10 AND at > now() - interval '1 hour'
        ) s
        WINDOW w AS (PARTITION BY s.consumer_id, s.topic_id ORDER BY s.at)
      ), published AS (
        SELECT s.at, s.head - lag(s.head) OVER (PARTITION BY s.topic_id ORDER BY s.at) AS published
        FROM topic t
        CROSS JOIN LATERAL (
          SELECT * FROM topic_sample WHERE topic_id = t.id AND resolution_s = 10 AND at > now() - interval '1 hour'
        ) s
      ), counted AS (
        SELECT at, 0 AS published, greatest(0, settled) AS settled, greatest(0, failed) AS failed FROM consumed WHERE settled IS NOT NULL
        UNION ALL SELECT at, published, 0, 0 FROM published WHERE published IS NOT NULL
      )
      SELECT date_bin(make_interval(secs => $1::float8), at, 'epoch') AS at,
        (sum(published) / count(DISTINCT at) / 10)::float8 AS "publishedPerSecond",
        (sum(settled) / count(DISTINCT at) / 10)::float8 AS "settledPerSecond",
        (sum(failed) / count(DISTINCT at) / 10)::float8 AS "failedPerSecond"
      FROM counted GROUP BY 1 ORDER BY 1`,
    values: [everySeconds],
  });
  return rows;
}
