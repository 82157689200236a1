import type { StateStand } from "../../domain/state-fold.ts";
import type { Queryable } from "../database.ts";

/**
 * Locks entries until the transaction ends, absent ones too, and reads them. Partitions settle side by side, here and at
 * other instances: without the lock two of them would decide on the same version. An absent entry has no row to lock, so
 * it is written with version 0; `writeState` writes or deletes it before anybody can see it.
 */
export async function lockState(
  db: Queryable,
  { consumerId, keys }: { readonly consumerId: number; readonly keys: readonly string[] },
): Promise<Map<string, StateStand>> {
  await db.query({
    name: "lock_state",
    // The condition is never true: the row is locked, as every conflicting row is, and keeps its value. In the order of
    // the keys, as in `upsert_state`.
    text: `
      INSERT INTO state_entry AS e (consumer_id, key, value, version)
      SELECT $1, k.key, 'null', 0 FROM unnest($2::text[]) AS k(key) ORDER BY k.key COLLATE "C"
      ON CONFLICT (consumer_id, key) DO UPDATE SET version = e.version WHERE false`,
    values: [consumerId, keys],
  });
  const { rows } = await db.query<{ key: string; value: string; version: number }>({
    name: "read_locked_state",
    // A statement of its own: only a new snapshot shows what was committed while the lock was waited for.
    text: `
      SELECT key, value::text AS value, version FROM state_entry
      WHERE consumer_id = $1 AND key = ANY ($2::text[]) AND version > 0`,
    values: [consumerId, keys],
  });
  return new Map(rows.map(({ key, value, version }) => [key, { value, version }]));
}
