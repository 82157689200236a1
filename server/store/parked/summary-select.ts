import type { ParkedCounts } from "../../contract/consumers.ts";
import type { ParkedHeadFacts } from "../../domain/consumer-status.ts";
import type { Queryable } from "../database.ts";

export interface ParkedSummary {
  readonly counts: ParkedCounts;
  /** Dead letters that have a key, and hold it. */
  readonly deadWithKey: number;
  /** The head with most events behind it. */
  readonly head: ParkedHeadFacts | null;
}

interface Row extends ParkedCounts {
  consumer_id: number;
  dead_with_key: number;
  topic: string | null;
  offset: number;
  key: string | null;
  is_dead: boolean;
  attempt: number;
  attempts_max: number;
  due_in_ms: number;
  error_name: string | null;
  behind: number;
}

/**
 * What is parked, by consumer id; consumers with nothing are missing. Replays that have not failed are left out: what
 * they deliver was passed before. One scan over the parked rows of all of them.
 */
export async function selectParkedSummaries(
  db: Queryable,
  consumerIds: readonly number[],
): Promise<Map<number, ParkedSummary>> {
  const { rows } = await db.query<Row>({
    name: "select_parked_summaries",
    text: `
      WITH sequences AS MATERIALIZED (
        SELECT consumer_id, topic_id, sequence, min("offset") FILTER (WHERE state IN ('retrying', 'dead')) AS head,
          count(*) FILTER (WHERE state = 'retrying') AS retrying, count(*) FILTER (WHERE state = 'dead') AS dead,
          count(*) FILTER (WHERE state = 'blocked') AS blocked, count(*) FILTER (WHERE state = 'discarded') AS discarded
        FROM parked_event
        WHERE consumer_id = ANY ($1::int[]) AND NOT is_rerun
        GROUP BY consumer_id, topic_id, sequence
      ), totals AS (
        SELECT consumer_id, sum(retrying)::bigint AS retrying, sum(dead)::bigint AS dead,
          sum(blocked)::bigint AS blocked, sum(discarded)::bigint AS discarded,
          coalesce(sum(dead) FILTER (WHERE starts_with(sequence, 'k')), 0)::bigint AS dead_with_key
        FROM sequences GROUP BY consumer_id
      ), worst AS (
        SELECT DISTINCT ON (consumer_id) consumer_id, topic_id, head, blocked
        FROM sequences WHERE head IS NOT NULL
        ORDER BY consumer_id, blocked DESC, dead DESC, topic_id, head
      )
      SELECT t.*, topic.name AS topic, p."offset", p.key, p.state = 'dead' AS is_dead, p.attempt, p.attempts_max, p.error_name,
        coalesce(extract(epoch FROM p.due_at - clock_timestamp()) * 1000, 0)::float8 AS due_in_ms, w.blocked AS behind
      FROM totals t LEFT JOIN worst w USING (consumer_id)
      LEFT JOIN parked_event p ON p.consumer_id = w.consumer_id AND p.topic_id = w.topic_id AND p."offset" = w.head
      LEFT JOIN topic ON topic.id = w.topic_id`,
    values: [consumerIds],
  });
  return new Map(rows.map((row) => [row.consumer_id, summaryOf(row)]));
}

function summaryOf({ retrying, dead, blocked, discarded, ...row }: Row): ParkedSummary {
  return {
    counts: { retrying, dead, blocked, discarded },
    deadWithKey: row.dead_with_key,
    head:
      row.topic === null
        ? null
        : {
            topic: row.topic,
            offset: row.offset,
            key: row.key,
            isDead: row.is_dead,
            attempt: row.attempt,
            attemptsMax: row.attempts_max,
            dueInMs: row.due_in_ms,
            errorName: row.error_name,
            behind: row.behind,
          },
  };
}
