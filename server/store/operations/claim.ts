import type { OperationKind } from "../../contract/operations.ts";
import type { Queryable } from "../database.ts";
import type { OperationOptions } from "./table.ts";

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
  /** Deliveries that it has caused and that nobody has settled yet. */
  readonly outstanding: number;
  readonly actor: string;
  readonly reason: string;
  readonly createdAt: string;
}

const MAX_CLAIMED = 20;

/**
 * Takes operations that nobody runs, and goes on with those this instance runs. A claim that was not renewed in time,
 * on the database's clock, is anybody's: so a crash stops no operation. Those whose turn was longest ago come first: many
 * that wait for outcomes keep no other from its turn.
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
    // What is outstanding is counted in the snapshot that `ok` and `failed` are read in, or an older one: counted later, an
    // outcome that arrives in between would be in neither, and a canary would seem to have vanished.
    text: `
      WITH mine AS (
        SELECT consumer_id, id FROM operation
        WHERE status IN ('queued', 'running') AND (claimed_by = $1 OR claimed_until IS NULL OR claimed_until < now())
        ORDER BY claimed_until NULLS FIRST, created_at LIMIT ${MAX_CLAIMED} FOR NO KEY UPDATE SKIP LOCKED
      )
      UPDATE operation o
      SET status = 'running', started_at = coalesce(started_at, now()), idle_since = NULL,
        idle_ms = idle_ms + coalesce(extract(epoch FROM now() - idle_since) * 1000, 0)::bigint, claimed_by = $1,
        claimed_until = now() + $2 * interval '1 ms'
      FROM mine WHERE o.consumer_id = mine.consumer_id AND o.id = mine.id
      RETURNING o.consumer_id AS "consumerId", o.id, o.kind, o.filter, o.options, o.progress, o.done, o.ok, o.failed,
        o.actor, o.reason, o.created_at AS "createdAt",
        (SELECT count(*) FROM parked_event p WHERE p.consumer_id = o.consumer_id AND p.operation_id = o.id) AS outstanding`,
    values: [claim.instance, claim.claimMs],
  });
  return rows.map(({ progress, ...row }) => ({
    ...row,
    progress: progress === null ? null : { topicId: progress.topicId, offset: progress.offset },
    isExhausted: progress?.isExhausted === true,
  }));
}

/** Counts one step's work, in the step's own transaction. False when the operation is no longer this instance's to run. */
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

/** Ends an operation that this instance runs. False when somebody paused or aborted it meanwhile, or runs it instead. */
export async function endOperation(
  db: Queryable,
  end: {
    readonly instance: string;
    readonly consumerId: number;
    readonly id: string;
    readonly status: "done" | "failed";
    readonly note?: string;
  },
): Promise<boolean> {
  const { rowCount } = await db.query({
    name: "end_operation",
    text: `
      UPDATE operation SET status = $4, note = coalesce($5, note), updated_at = now(), finished_at = now(),
        claimed_by = NULL, claimed_until = NULL
      WHERE consumer_id = $1 AND id = $2 AND claimed_by = $3 AND status = 'running'`,
    values: [end.consumerId, end.id, end.instance, end.status, end.note ?? null],
  });
  return rowCount === 1;
}

/** Lets go of everything this instance runs, so that others need not wait until its claims are over. */
export async function releaseOperations(db: Queryable, instance: string): Promise<void> {
  await db.query({
    name: "release_operations",
    text: "UPDATE operation SET claimed_by = NULL, claimed_until = NULL WHERE claimed_by = $1",
    values: [instance],
  });
}
