import type { Queryable } from "./database.ts";
import type { StateRow } from "./state-select.ts";

export interface StateListing {
  readonly consumerId: number;
  /** Empty = all keys. */
  readonly prefix: string;
  /** Keys greater than this one, in code-point order; empty = from the start. */
  readonly after: string;
  readonly limit: number;
}

export async function listState(db: Queryable, listing: StateListing): Promise<StateRow[]> {
  const { rows } = await db.query<StateRow>({
    name: "list_state",
    text: `
      SELECT key, value::text AS value, version, updated_at AS "updatedAt" FROM state_entry
      -- The upper bound ends the scan with the prefix: in the "C" collation nothing sorts after the last code point.
      WHERE consumer_id = $1 AND key >= $2 AND key > $3 AND starts_with(key, $2)
        AND ($2 = '' OR key <= $2 || repeat(chr(1114111), 256))
      ORDER BY key LIMIT $4`,
    values: [listing.consumerId, listing.prefix, listing.after, listing.limit],
  });
  return rows;
}
