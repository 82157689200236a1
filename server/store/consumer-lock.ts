import type { ConsumerDeclaration, RetryPolicy, StormBreaker } from "../contract/consumers.ts";
import type { Queryable } from "./database.ts";

export interface LockedConsumer {
  readonly id: number;
  readonly partitions: number;
  readonly layout: number;
  readonly ordering: "key" | "topic";
  readonly retry: RetryPolicy;
  readonly stormBreaker: StormBreaker | null;
  readonly maxInFlight: number;
  readonly ackTimeoutMs: number;
}

const COLUMNS = `id, partitions, layout, ordering, retry, storm_breaker AS "stormBreaker", max_in_flight AS "maxInFlight", ack_timeout_ms AS "ackTimeoutMs"`;

/** Locks a consumer against declarations and position changes; null when there is none. */
export async function lockConsumer(db: Queryable, consumer: string): Promise<LockedConsumer | null> {
  const { rows } = await db.query<LockedConsumer>({
    name: "lock_consumer",
    text: `SELECT ${COLUMNS} FROM consumer WHERE name = $1 FOR UPDATE`,
    values: [consumer],
  });
  return rows[0] ?? null;
}

/** Creates a consumer; null when somebody else has in the meantime. */
export async function insertConsumer(
  db: Queryable,
  consumer: string,
  declaration: ConsumerDeclaration,
): Promise<LockedConsumer | null> {
  const { rows } = await db.query<LockedConsumer>({
    name: "insert_consumer",
    text: `
      INSERT INTO consumer (name, partitions, ordering, retry, max_in_flight, ack_timeout_ms, storm_breaker)
      VALUES ($1, $2, $3, $4::json, $5, $6, $7::json) ON CONFLICT (name) DO NOTHING RETURNING ${COLUMNS}`,
    values: [consumer, ...settingsOf(declaration)],
  });
  return rows[0] ?? null;
}

/** `updated_at` always rises: running members notice a declaration by it. */
export async function updateConsumer(
  db: Queryable,
  id: number,
  change: { readonly declaration: ConsumerDeclaration; readonly layout: number },
): Promise<void> {
  await db.query({
    name: "update_consumer",
    text: `
      UPDATE consumer SET partitions = $2, ordering = $3, retry = $4::json, max_in_flight = $5, ack_timeout_ms = $6,
        storm_breaker = $7::json, layout = $8, updated_at = greatest(clock_timestamp(), updated_at + interval '1 ms')
      WHERE id = $1`,
    values: [id, ...settingsOf(change.declaration), change.layout],
  });
}

/** Makes running members read the declaration anew. */
export async function touchConsumer(db: Queryable, id: number): Promise<void> {
  await db.query({
    name: "touch_consumer",
    text: `UPDATE consumer SET updated_at = greatest(clock_timestamp(), updated_at + interval '1 ms') WHERE id = $1`,
    values: [id],
  });
}

function settingsOf(it: ConsumerDeclaration): unknown[] {
  const stormBreaker = it.stormBreaker === undefined ? null : JSON.stringify(it.stormBreaker);
  return [it.partitions, it.ordering, JSON.stringify(it.retry), it.maxInFlight, it.ackTimeoutMs, stormBreaker];
}
