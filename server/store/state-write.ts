import type { StateWrite } from "../domain/state-fold.ts";
import type { Queryable } from "./database.ts";

/** Applies what a group of settlements makes of the consumer's state, in the transaction that counts them. */
export async function writeState(
  db: Queryable,
  { consumerId, writes }: { readonly consumerId: number; readonly writes: readonly StateWrite[] },
): Promise<void> {
  const deleted = writes.filter((it) => it.value === null).map((it) => it.key);
  const set = writes.filter((it) => it.value !== null);
  if (deleted.length > 0) {
    await db.query({
      name: "delete_state",
      text: "DELETE FROM state_entry WHERE consumer_id = $1 AND key = ANY ($2::text[])",
      values: [consumerId, deleted],
    });
  }
  if (set.length === 0) return;
  await db.query({
    name: "upsert_state",
    // Sorted by key: partitions settle side by side, and two of them may write the same keys.
    text: `
      INSERT INTO state_entry AS e (consumer_id, key, value, version)
      SELECT $1, w.key, w.value, w.writes
      FROM unnest($2::text[], $3::json[], $4::bigint[]) AS w(key, value, writes)
      ORDER BY w.key COLLATE "C"
      ON CONFLICT (consumer_id, key) DO UPDATE
      SET value = excluded.value, updated_at = now(),
          version = excluded.version + CASE WHEN excluded.key = ANY ($5::text[]) THEN 0 ELSE e.version END`,
    values: [
      consumerId,
      set.map((it) => it.key),
      set.map((it) => it.value),
      set.map((it) => it.writes),
      set.filter((it) => it.isAfresh).map((it) => it.key),
    ],
  });
}
