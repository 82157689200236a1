import type { Queryable } from "../database.ts";

export interface StateRow {
  readonly key: string;
  /** JSON text, as it was written. */
  readonly value: string;
  readonly version: number;
  readonly updatedAt: string;
}

const COLUMNS = `key, value::text AS value, version, updated_at AS "updatedAt"`;

export async function selectState(
  db: Queryable,
  by: { readonly consumerId: number; readonly key: string },
): Promise<StateRow | null> {
  const { rows } = await db.query<StateRow>({
    name: "select_state",
    text: `SELECT ${COLUMNS} FROM state_entry WHERE consumer_id = $1 AND key = $2`,
    values: [by.consumerId, by.key],
  });
  return rows[0] ?? null;
}
