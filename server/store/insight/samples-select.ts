import type { Queryable } from "../database.ts";

export interface SampleSpan {
  readonly seconds: number;
  /** One sample is told for each so many seconds: the worst lag, and the counts at its end. */
  readonly everySeconds: number;
}

export interface ConsumerSample {
  readonly at: string;
  /** The sample lies before the span. */
  readonly isBefore: boolean;
  readonly topic: string;
  readonly lag: number;
  readonly lagMs: number;
  readonly settledCount: number;
  readonly failedCount: number;
  readonly parked: number;
}

/** A consumer's samples up to now, oldest first, and one more from before the span. */
export async function selectConsumerSamples(
  db: Queryable,
  { consumerId, seconds, everySeconds }: SampleSpan & { readonly consumerId: number },
): Promise<ConsumerSample[]> {
  const { rows } = await db.query<ConsumerSample>({
    name: "select_consumer_samples",
    text: `
      SELECT max(s.at) AS at, max(s.at) <= now() - make_interval(secs => $2::float8) AS "isBefore", t.name AS topic, max(s.lag) AS lag, max(s.lag_ms) AS "lagMs",
        (array_agg(s.settled_count ORDER BY s.at DESC))[1] AS "settledCount",
        (array_agg(s.failed_count ORDER BY s.at DESC))[1] AS "failedCount", max(s.parked) AS parked
      FROM subscription u
      JOIN topic t ON t.id = u.topic_id
      JOIN consumer_sample s ON s.consumer_id = u.consumer_id AND s.topic_id = u.topic_id
      WHERE u.consumer_id = $1 AND s.at > now() - make_interval(secs => $2::float8 + $3::float8)
      GROUP BY t.name, date_bin(make_interval(secs => $3::float8), s.at, 'epoch')
      ORDER BY 1, t.name`,
    values: [consumerId, seconds, everySeconds],
  });
  return rows;
}

export interface TopicSample {
  readonly at: string;
  readonly isBefore: boolean;
  readonly head: number;
  readonly bytes: number;
}

/** A topic's samples up to now, oldest first, and one more from before the span. */
export async function selectTopicSamples(
  db: Queryable,
  { topicId, seconds, everySeconds }: SampleSpan & { readonly topicId: number },
): Promise<TopicSample[]> {
  const { rows } = await db.query<TopicSample>({
    name: "select_topic_samples",
    text: `
      SELECT max(at) AS at, max(at) <= now() - make_interval(secs => $2::float8) AS "isBefore", max(head) AS head, (array_agg(bytes ORDER BY at DESC))[1] AS bytes
      FROM topic_sample WHERE topic_id = $1 AND at > now() - make_interval(secs => $2::float8 + $3::float8)
      GROUP BY date_bin(make_interval(secs => $3::float8), at, 'epoch')
      ORDER BY 1`,
    values: [topicId, seconds, everySeconds],
  });
  return rows;
}
