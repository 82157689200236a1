import type { Operation, OperationKind, OperationStatus } from "../../contract/operations.ts";
import type { Queryable, Tables } from "../database.ts";
import { jsonValue } from "../json-value.ts";
import { plainRow } from "../plain-row.ts";
import type { Prisma } from "../prisma/client.ts";

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

/** With the name of a consumer that is there. */
const KNOWN = { consumer: { removedAt: null } } as const;
const NAMED = { consumer: { select: { name: true } } } as const;
const OPEN: OperationStatus[] = ["queued", "running", "paused"];

export async function insertOperation(db: Tables, { filter, options, ...operation }: NewOperation): Promise<void> {
  const json = { filter: jsonValue(filter), options: jsonValue(options) };
  await db.operation.createMany({ data: { ...operation, ...json, status: "queued" } });
}

export interface StoredOperation {
  readonly consumerId: number;
  readonly operation: Operation;
}

/** Null when there is none. */
export async function selectOperation(db: Tables, id: string): Promise<StoredOperation | null> {
  const row = await db.operation.findFirst({ where: { id, ...KNOWN }, include: NAMED });
  return row === null ? null : { consumerId: row.consumerId, operation: operationOf(row) };
}

/** The same, locked until the transaction ends. */
export async function lockOperation(db: Tables, id: string): Promise<StoredOperation | null> {
  await db.$executeRaw`SELECT FROM operation WHERE id = ${id}::uuid FOR UPDATE`;
  return selectOperation(db, id);
}

/** The names of consumers that have operations. */
export async function selectOperatedConsumers(db: Tables): Promise<string[]> {
  const where = { removedAt: null, operations: { some: {} } };
  return (await db.consumer.findMany({ where, select: { name: true } })).map((it) => it.name);
}

/** Newest first. `consumers`: of these only. `recentMs`: open ones and those that finished so lately. */
export async function selectOperations(
  db: Tables,
  query: {
    readonly consumers: string[] | null;
    readonly recentMs: number | null;
    readonly limit: number;
  },
): Promise<Operation[]> {
  const { consumers, recentMs, limit } = query;
  const rows = await db.operation.findMany({
    where: {
      consumer: { ...KNOWN.consumer, ...(consumers !== null && { name: { in: consumers } }) },
      ...(recentMs !== null && {
        OR: [{ status: { in: OPEN } }, { finishedAt: { gt: new Date(Date.now() - recentMs) } }],
      }),
    },
    include: NAMED,
    orderBy: [{ createdAt: "desc" }, { id: "asc" }],
    take: limit,
  });
  return rows.map(operationOf);
}

/** Locked until the transaction ends; null = there is none any more. */
export async function lockOperationStatus(
  db: Queryable,
  by: { readonly consumerId: number; readonly id: string },
): Promise<OperationStatus | null> {
  const { rows } = await db.query<{ status: OperationStatus }>({
    name: "lock_operation_status",
    text: "SELECT status FROM operation WHERE consumer_id = $1 AND id = $2 FOR UPDATE",
    values: [by.consumerId, by.id],
  });
  return rows[0]?.status ?? null;
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

export async function updateOperationOptions(db: Tables, id: string, options: OperationOptions): Promise<void> {
  await db.operation.updateMany({ where: { id }, data: { options: jsonValue(options), updatedAt: new Date() } });
}

function operationOf(stored: Prisma.OperationGetPayload<{ include: typeof NAMED }>): Operation {
  const { startedAt, finishedAt, idleSince } = stored;
  const { options, filter, ...row } = plainRow(stored);
  const { rate = null, canary = false, stopAfterFailures = null } = options as OperationOptions;
  const stoodStillAt = idleSince ?? finishedAt ?? new Date();
  const runningMs = startedAt === null ? 0 : stoodStillAt.getTime() - startedAt.getTime() - row.idleMs;
  const ratePerSecond = runningMs < 1 ? null : (row.done / runningMs) * 1_000;
  const left = Math.max(0, row.total - row.done);
  const hasEta = row.status === "running" && ratePerSecond !== null && ratePerSecond > 0;
  return {
    id: row.id,
    consumer: row.consumer.name,
    kind: row.kind as OperationKind,
    status: row.status as OperationStatus,
    total: row.total,
    done: row.done,
    ok: row.ok,
    failed: row.failed,
    rate,
    ratePerSecond: ratePerSecond === null ? null : Math.round(ratePerSecond * 10) / 10,
    etaMs: hasEta ? Math.round((left / ratePerSecond) * 1_000) : null,
    actor: row.actor,
    reason: row.reason,
    filter: (filter as { asked?: Record<string, unknown> }).asked ?? {},
    canary,
    stopAfterFailures,
    note: row.note,
    createdAt: row.createdAt,
    startedAt: row.startedAt,
    finishedAt: row.finishedAt,
  };
}
