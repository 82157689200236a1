import type { ConsumerSettings } from "../../domain/consumer-settings.ts";
import type { Queryable } from "../database.ts";

export interface LockedConsumer extends Omit<ConsumerSettings, "topics"> {
  readonly id: number;
  readonly layout: number;
}

const COLUMNS = `id, partitions, layout, ordering, retry, breaker, max_in_flight AS "maxInFlight",
  ack_timeout_ms AS "ackTimeoutMs", reconnect_grace_ms AS "reconnectGraceMs"`;

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
  settings: ConsumerSettings,
): Promise<LockedConsumer | null> {
  const { rows } = await db.query<LockedConsumer>({
    name: "insert_consumer",
    text: `
      INSERT INTO consumer (name, partitions, ordering, retry, max_in_flight, ack_timeout_ms, breaker, reconnect_grace_ms)
      VALUES ($1, $2, $3, $4::json, $5, $6, $7::json, $8) ON CONFLICT (name) DO NOTHING RETURNING ${COLUMNS}`,
    values: [consumer, ...settingsOf(settings)],
  });
  return rows[0] ?? null;
}

/** `updated_at` always rises: running members notice a declaration by it. A breaker that is switched off is closed. */
export async function updateConsumer(
  db: Queryable,
  id: number,
  change: { readonly settings: ConsumerSettings; readonly layout: number },
): Promise<void> {
  await db.query({
    name: "update_consumer",
    text: `
      UPDATE consumer SET partitions = $2, ordering = $3, retry = $4::json, max_in_flight = $5, ack_timeout_ms = $6,
        breaker = $7::json, reconnect_grace_ms = $8, layout = $9,
        breaker_opened_at = CASE WHEN $7::json IS NOT NULL THEN breaker_opened_at END, updated_at = greatest(clock_timestamp(), updated_at + interval '1 ms')
      WHERE id = $1`,
    values: [id, ...settingsOf(change.settings), change.layout],
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

function settingsOf(it: ConsumerSettings): unknown[] {
  const breaker = it.breaker === null ? null : JSON.stringify(it.breaker);
  const { partitions, ordering, retry, maxInFlight, ackTimeoutMs, reconnectGraceMs } = it;
  return [partitions, ordering, JSON.stringify(retry), maxInFlight, ackTimeoutMs, breaker, reconnectGraceMs];
}
