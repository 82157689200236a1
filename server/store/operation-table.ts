import type { Operation, OperationKind, OperationStatus } from "../contract/operations.ts";
import type { Queryable } from "./database.ts";

export interface OperationOptions {
  readonly rate?: number;
  readonly canary?: boolean;
  readonly stopAfterFailures?: number;
}

export interface NewOperation {
  readonly consumerId: number;
  readonly id: string;
  readonly kind: OperationKind;
  /** As it was asked for. */
  readonly filter: object;
  readonly options: OperationOptions;
  readonly total: number;
  readonly actor: string;
  readonly reason: string;
}

interface Row {
  id: string;
  consumer_id: number;
  consumer: string;
  kind: OperationKind;
  status: OperationStatus;
  filter: Record<string, unknown>;
  options: OperationOptions;
  total: number;
  done: number;
  ok: number;
  failed: number;
  note: string | null;
  actor: string;
  reason: string;
  created_at: string;
  started_at: string | null;
  finished_at: string | null;
  running_ms: number | null;
}

const SELECT = `
  SELECT o.id, o.consumer_id, c.name AS consumer, o.kind, o.status, o.filter, o.options, o.total, o.done, o.ok, o.failed,
    o.note, o.actor, o.reason, o.created_at, o.started_at, o.finished_at,
    (extract(epoch FROM coalesce(o.idle_since, o.finished_at, clock_timestamp()) - o.started_at) * 1000)::float8
      - o.idle_ms AS running_ms
  FROM operation o JOIN consumer c ON c.id = o.consumer_id`;

export async function insertOperation(db: Queryable, operation: NewOperation): Promise<void> {
  await db.query({
    name: "insert_operation",
    text: `
      INSERT INTO operation (consumer_id, id, kind, status, filter, options, total, actor, reason)
      VALUES ($1, $2, $3, 'queued', $4::json, $5::json, $6, $7, $8)`,
    values: [
      operation.consumerId,
      operation.id,
      operation.kind,
      JSON.stringify(operation.filter),
      JSON.stringify(operation.options),
      operation.total,
      operation.actor,
      operation.reason,
    ],
  });
}

/** An operation with the id of its consumer; null when there is none. */
export async function selectOperation(
  db: Queryable,
  id: string,
  isForUpdate = false,
): Promise<{ consumerId: number; operation: Operation } | null> {
  const { rows } = await db.query<Row>({
    name: isForUpdate ? "select_operation_for_update" : "select_operation",
    text: `${SELECT} WHERE o.id = $1${isForUpdate ? " FOR UPDATE OF o" : ""}`,
    values: [id],
  });
  const [row] = rows;
  return row === undefined ? null : { consumerId: row.consumer_id, operation: operationOf(row) };
}

/** The names of consumers that have operations. */
export async function selectOperatedConsumers(db: Queryable): Promise<string[]> {
  const { rows } = await db.query<{ name: string }>({
    name: "select_operated_consumers",
    text: "SELECT c.name FROM consumer c WHERE EXISTS (SELECT FROM operation o WHERE o.consumer_id = c.id)",
  });
  return rows.map((it) => it.name);
}

/** Newest first. `consumers`: of these only. `recentMs`: open ones and those that finished so lately. */
export async function selectOperations(
  db: Queryable,
  query: {
    readonly consumers: readonly string[] | null;
    readonly recentMs: number | null;
    readonly limit: number;
  },
): Promise<Operation[]> {
  const { rows } = await db.query<Row>({
    name: "select_operations",
    text: `${SELECT}
      WHERE ($1::text[] IS NULL OR c.name = ANY ($1))
        AND ($2::float8 IS NULL OR o.status IN ('queued', 'running', 'paused')
             OR o.finished_at > now() - $2::float8 * interval '1 ms')
      ORDER BY o.created_at DESC, o.id LIMIT $3`,
    values: [query.consumers, query.recentMs, query.limit],
  });
  return rows.map(operationOf);
}

export async function updateOperationStatus(
  db: Queryable,
  change: {
    readonly consumerId: number;
    readonly id: string;
    readonly status: OperationStatus;
    readonly note?: string;
  },
): Promise<void> {
  await db.query({
    name: "update_operation_status",
    text: `
      UPDATE operation SET status = $3, note = coalesce($4, note), updated_at = now(),
        finished_at = CASE WHEN $3 IN ('done', 'aborted', 'failed') THEN now() END,
        idle_since = CASE WHEN $3 = 'paused' AND started_at IS NOT NULL THEN coalesce(idle_since, now()) ELSE idle_since END,
        claimed_by = CASE WHEN $3 = 'running' THEN claimed_by END,
        claimed_until = CASE WHEN $3 = 'running' THEN claimed_until END
      WHERE consumer_id = $1 AND id = $2`,
    values: [change.consumerId, change.id, change.status, change.note ?? null],
  });
}

export async function updateOperationRate(
  db: Queryable,
  change: { readonly consumerId: number; readonly id: string; readonly options: OperationOptions },
): Promise<void> {
  await db.query({
    name: "update_operation_rate",
    text: "UPDATE operation SET options = $3::json, updated_at = now() WHERE consumer_id = $1 AND id = $2",
    values: [change.consumerId, change.id, JSON.stringify(change.options)],
  });
}

function operationOf(row: Row): Operation {
  const ratePerSecond = row.running_ms === null || row.running_ms < 1 ? null : (row.done / row.running_ms) * 1_000;
  const isOpen = row.status === "running";
  const left = Math.max(0, row.total - row.done);
  return {
    id: row.id,
    consumer: row.consumer,
    kind: row.kind,
    status: row.status,
    total: row.total,
    done: row.done,
    ok: row.ok,
    failed: row.failed,
    rate: row.options.rate ?? null,
    ratePerSecond: ratePerSecond === null ? null : Math.round(ratePerSecond * 10) / 10,
    etaMs: !isOpen || ratePerSecond === null || ratePerSecond === 0 ? null : Math.round((left / ratePerSecond) * 1_000),
    actor: row.actor,
    reason: row.reason,
    filter: (row.filter.asked ?? {}) as Record<string, unknown>,
    canary: row.options.canary === true,
    stopAfterFailures: row.options.stopAfterFailures ?? null,
    note: row.note,
    createdAt: row.created_at,
    startedAt: row.started_at,
    finishedAt: row.finished_at,
  };
}
