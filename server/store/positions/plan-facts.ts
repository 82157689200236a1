import type { ParkedCounts } from "../../contract/consumers.ts";
import type { Queryable } from "../database.ts";

export interface PlanFacts {
  readonly parked: ParkedCounts;
  readonly stateEntries: number;
  /** Members that hold a partition. */
  readonly members: string[];
  /**
   * The most events settled per second between two samples of the last hour; null = nothing was measured, or nothing
   * settled. Not the mean: that of a consumer that keeps up is the rate of its topics, and not what it could do.
   */
  readonly settledPerSecond: number | null;
}

/** What a plan says besides the positions, in one statement. */
export async function selectPlanFacts(
  db: Queryable,
  { consumerId, topicIds }: { readonly consumerId: number; readonly topicIds: readonly number[] },
): Promise<PlanFacts> {
  const { rows } = await db.query<{
    parked: Partial<ParkedCounts>;
    state_entries: number;
    members: string[];
    settled_per_second: number | null;
  }>({
    name: "select_plan_facts",
    text: `
      SELECT
        (SELECT coalesce(json_object_agg(state, count), '{}') FROM (
           SELECT state, count(*) AS count FROM parked_event
           -- What a replay has put there and nothing has happened to since was passed before.
           WHERE consumer_id = $1 AND topic_id = ANY ($2::int[]) AND NOT is_rerun
           GROUP BY state) s) AS parked,
        (SELECT count(*) FROM state_entry WHERE consumer_id = $1) AS state_entries,
        (SELECT coalesce(array_agg(DISTINCT member), '{}') FROM lease
         WHERE consumer_id = $1 AND member IS NOT NULL AND expires_at >= now()) AS members,
        (SELECT max(settled / seconds) FROM (
           SELECT sum(greatest(0, settled)) AS settled, nullif(max(seconds), 0) AS seconds FROM (
             SELECT at, (settled_count - lag(settled_count) OVER w)::float8 AS settled,
               extract(epoch FROM at - lag(at) OVER w)::float8 AS seconds
             FROM consumer_sample
             WHERE consumer_id = $1 AND resolution_s = 10 AND at > now() - interval '1 hour'
             WINDOW w AS (PARTITION BY topic_id ORDER BY at)) since_the_last
           GROUP BY at) s) AS settled_per_second`,
    values: [consumerId, topicIds],
  });
  const row = rows[0];
  return {
    parked: { retrying: 0, dead: 0, blocked: 0, discarded: 0, ...row?.parked },
    stateEntries: row?.state_entries ?? 0,
    members: row?.members ?? [],
    settledPerSecond: row?.settled_per_second || null,
  };
}
