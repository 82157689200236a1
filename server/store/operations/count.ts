import type { Queryable } from "../database.ts";

/** Counts what became of deliveries that an operation caused, in the transaction that settles them. */
export async function countOperationOutcomes(
  db: Queryable,
  {
    consumerId,
    outcomes,
  }: { readonly consumerId: number; readonly outcomes: readonly { operationId: string; isOk: boolean }[] },
): Promise<void> {
  if (outcomes.length === 0) return;
  await db.query({
    name: "count_operation_outcomes",
    // Locked in the order of ids: two partitions settle side by side, and both may count for the same two operations.
    text: `
      WITH counted AS (
        SELECT id, count(*) FILTER (WHERE is_ok) AS ok, count(*) FILTER (WHERE NOT is_ok) AS failed
        FROM unnest($2::uuid[], $3::boolean[]) AS n(id, is_ok) GROUP BY id
      ), locked AS (
        SELECT o.id FROM operation o JOIN counted USING (id) WHERE o.consumer_id = $1 ORDER BY o.id FOR NO KEY UPDATE OF o
      )
      UPDATE operation o SET ok = o.ok + counted.ok, failed = o.failed + counted.failed, updated_at = now()
      FROM counted JOIN locked USING (id) WHERE o.consumer_id = $1 AND o.id = counted.id`,
    values: [consumerId, outcomes.map((it) => it.operationId), outcomes.map((it) => it.isOk)],
  });
}
