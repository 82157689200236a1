import type { Queryable } from "../database.ts";
import type { StateRow } from "./state-select.ts";

export interface StateListing {
  readonly consumerId: number;
  /** Empty = all keys. */
  readonly prefix: string;
  /** Keys greater than this one, in code-point order; empty = from the start. */
  readonly after: string;
  readonly limit: number;
  /** Of values. The entry that goes beyond is the last of the answer. */
  readonly maxBytes: number;
}

/**
 * Entry by entry, so that no more values are read than fit: a limit of 1,000 entries alone lets a gigabyte through, and
 * the sum of a window would have read it before it was known.
 */
export async function listState(db: Queryable, listing: StateListing): Promise<StateRow[]> {
  const { rows } = await db.query<StateRow>({
    name: "list_state",
    text: `
      WITH RECURSIVE page AS (
        (SELECT key, value::text AS value, version, updated_at, octet_length(value::text)::bigint AS bytes
           FROM state_entry
          -- The upper bound ends the scan with the prefix: in the "C" collation nothing sorts after the last code point.
          WHERE consumer_id = $1 AND key >= $2 AND key > $3 AND starts_with(key, $2)
            AND ($2 = '' OR key <= $2 || repeat(chr(1114111), 256))
          ORDER BY key LIMIT 1)
        UNION ALL
        SELECT following.key, following.value, following.version, following.updated_at,
               page.bytes + octet_length(following.value)
          FROM page, LATERAL (
            SELECT key, value::text AS value, version, updated_at FROM state_entry
             WHERE consumer_id = $1 AND key > page.key AND starts_with(key, $2)
               AND ($2 = '' OR key <= $2 || repeat(chr(1114111), 256))
             ORDER BY key LIMIT 1) following
         WHERE page.bytes <= $5
      )
      SELECT key, value, version, updated_at AS "updatedAt" FROM page LIMIT $4`,
    values: [listing.consumerId, listing.prefix, listing.after, listing.limit, listing.maxBytes],
  });
  return rows;
}
