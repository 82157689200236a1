import type { Queryable } from "../database.ts";

interface Saving {
  readonly consumerId: number;
  readonly changeId: string;
}

/**
 * Saves all state entries as they are. The leases must be locked. A value is kept as the text it is: read out of a
 * larger JSON value it would lose what its text has of its own, such as an escaped zero. Returns how many.
 */
export async function saveState(db: Queryable, { consumerId, changeId }: Saving): Promise<number> {
  const { rowCount } = await db.query({
    name: "save_state",
    text: `
      INSERT INTO position_change_restore (consumer_id, change_id, kind, place, saved)
      SELECT $1, $2::uuid, 'state', row_number() OVER (ORDER BY key),
        json_build_object('key', key, 'value', value::text, 'version', version, 'updatedAt', updated_at)
      FROM state_entry WHERE consumer_id = $1`,
    values: [consumerId, changeId],
  });
  return rowCount ?? 0;
}

/** Forgets all state entries. Returns how many. */
export async function clearState(db: Queryable, consumerId: number): Promise<number> {
  const { rowCount } = await db.query({
    name: "clear_state",
    text: "DELETE FROM state_entry WHERE consumer_id = $1",
    values: [consumerId],
  });
  return rowCount ?? 0;
}

/** Puts saved state entries back, after `clearState`. Returns how many. */
export async function restoreState(db: Queryable, { consumerId, changeId }: Saving): Promise<number> {
  const { rowCount } = await db.query({
    name: "restore_state",
    text: `
      INSERT INTO state_entry (consumer_id, key, value, version, updated_at)
      SELECT consumer_id, saved ->> 'key', (saved ->> 'value')::json, (saved ->> 'version')::bigint,
        (saved ->> 'updatedAt')::timestamptz
      FROM position_change_restore WHERE consumer_id = $1 AND change_id = $2::uuid AND kind = 'state'`,
    values: [consumerId, changeId],
  });
  return rowCount ?? 0;
}
