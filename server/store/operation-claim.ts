import type { OperationKind } from "../contract/operations.ts";
import type { Queryable } from "./database.ts";
import type { OperationOptions } from "./operation-table.ts";

/** An operation as its runner has it. */
export interface ClaimedOperation {
  readonly consumerId: number;
  readonly id: string;
  readonly kind: OperationKind;
  readonly filter: Record<string, unknown>;
  readonly options: OperationOptions;
  /** How far it has come; null = it has not begun. */
  readonly progress: { readonly topicId: number; readonly offset: number } | null;
  readonly isExhausted: boolean;
  readonly done: number;
  readonly ok: number;
  readonly failed: number;
  readonly actor: string;
  readonly reason: string;
  readonly createdAt: string;
}

const MAX_CLAIMED = 20;

/**
 * Takes operations that nobody runs, and goes on with those this instance runs. A claim that was not renewed in time,
 * on the database's clock, is anybody's: so a crash stops no operation.
 */
export async function claimOperations(
  db: Queryable,
  claim: { readonly instance: string; readonly claimMs: number },
): Promise<ClaimedOperation[]> {
  const { rows } = await db.query<
    Omit<ClaimedOperation, "progress" | "isExhausted"> & {
      progress: { topicId: number; offset: number; isExhausted?: boolean } | null;
    }
  >({
    name: "claim_operations",
    text: `
      WITH mine AS (
        SELECT consumer_id, id FROM operation
        WHERE status IN ('queued', 'running') AND (claimed_by = $1 OR claimed_until IS NULL OR claimed_until < now())
        ORDER BY consumer_id, created_at LIMIT ${MAX_CLAIMED} FOR NO KEY UPDATE SKIP LOCKED
      )
      UPDATE operation o
      SET status = 'running', started_at = coalesce(started_at, now()), claimed_by = $1,
        claimed_until = now() + $2 * interval '1 ms'
      FROM mine WHERE o.consumer_id = mine.consumer_id AND o.id = mine.id
      RETURNING o.consumer_id AS "consumerId", o.id, o.kind, o.filter, o.options, o.progress, o.done, o.ok, o.failed,
        o.actor, o.reason, o.created_at AS "createdAt"`,
    values: [claim.instance, claim.claimMs],
  });
  return rows.map(({ progress, ...row }) => ({
    ...row,
    progress: progress === null ? null : { topicId: progress.topicId, offset: progress.offset },
    isExhausted: progress?.isExhausted === true,
  }));
}

/** What one step has done, in the step's own transaction. False when the operation is no longer this instance's to run. */
export async function advanceOperation(
  db: Queryable,
  step: {
    readonly instance: string;
    readonly consumerId: number;
    readonly id: string;
    readonly progress: { readonly topicId: number; readonly offset: number } | null;
    readonly isExhausted: boolean;
    readonly done: number;
    readonly ok: number;
  },
): Promise<boolean> {
  const { topicId, offset } = step.progress ?? { topicId: 0, offset: 0 };
  const { rowCount } = await db.query({
    name: "advance_operation",
    text: `
      UPDATE operation SET progress = $4::json, done = done + $5, ok = ok + $6, updated_at = now()
      WHERE consumer_id = $1 AND id = $2 AND claimed_by = $3 AND status = 'running'`,
    values: [
      step.consumerId,
      step.id,
      step.instance,
      JSON.stringify({ topicId, offset, isExhausted: step.isExhausted }),
      step.done,
      step.ok,
    ],
  });
  return rowCount === 1;
}

/** Deliveries that an operation has caused and that nobody has settled yet. */
export async function countOutstanding(
  db: Queryable,
  of: { readonly consumerId: number; readonly id: string },
): Promise<number> {
  const { rows } = await db.query<{ count: number }>({
    name: "count_outstanding",
    text: "SELECT count(*) AS count FROM parked_event WHERE consumer_id = $1 AND operation_id = $2",
    values: [of.consumerId, of.id],
  });
  return rows[0]?.count ?? 0;
}
