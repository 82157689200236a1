import {
  decidingEntries,
  foldState,
  type RequestedChange,
  type StateConflict,
  type StateWrite,
} from "../../domain/state-fold.ts";
import type { Queryable } from "../database.ts";
import { lockState } from "./state-lock.ts";

/** Requests whose expectations do not hold. Thrown, so that the transaction is rolled back whoever runs it. */
export class StateConflicts extends Error {
  override readonly name = "StateConflicts";

  constructor(readonly byRequest: ReadonlyMap<object, readonly StateConflict[]>) {
    super(`${byRequest.size} requests are in conflict with the consumer's state`);
  }
}

/**
 * Applies what a group of settlements makes of the consumer's state, in the transaction that counts them. Throws
 * `StateConflicts`.
 */
export async function writeState(
  db: Queryable,
  input: { readonly consumerId: number; readonly changes: readonly RequestedChange<object>[] },
): Promise<void> {
  const { consumerId, changes } = input;
  const deciding = decidingEntries(changes);
  const stored = deciding.length === 0 ? new Map() : await lockState(db, { consumerId, keys: deciding });
  const { writes, conflicts } = foldState(changes, stored);
  if (conflicts.size > 0) throw new StateConflicts(conflicts);
  const set = writes.filter(isSet);
  const isWritten = new Set(set.map((it) => it.key));
  // An entry that was locked as absent and stays so has no row of its own.
  const absent = deciding.filter((key) => !stored.has(key) && !isWritten.has(key));
  const deleted = new Set([...writes.filter((it) => it.value === null).map((it) => it.key), ...absent]);
  if (deleted.size > 0) {
    await db.query({
      name: "delete_state",
      text: "DELETE FROM state_entry WHERE consumer_id = $1 AND key = ANY ($2::text[])",
      values: [consumerId, [...deleted]],
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

function isSet(write: StateWrite): write is StateWrite & { readonly value: string } {
  return write.value !== null;
}
