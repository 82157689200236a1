import type { Queryable } from "../database.ts";

/** The key, which no event has, of the row that stands for all keys that are remembered no more. */
export const FORGOTTEN_KEYS = "";

/** Keys remembered per topic: some 100 MB of table and indexes. */
const MAX_KEYS = 1_000_000;

/** The memory of a key's events that retention took. */
export interface PurgedKey {
  /** Offset of the last of them; 0 = none is known of. */
  readonly lastOffset: number;
  /** Up to here events may have gone of which nobody knows the key; 0 = every key is remembered. */
  readonly forgottenThrough: number;
}

export async function selectPurgedKey(db: Queryable, topicId: number, key: string): Promise<PurgedKey> {
  const { rows } = await db.query({
    name: "select_purged_key",
    text: "SELECT key, last_offset FROM purged_key WHERE topic_id = $1 AND key IN ($2, $3)",
    values: [topicId, key, FORGOTTEN_KEYS],
    rowMode: "array",
  });
  const found = new Map(rows as [string, number][]);
  return { lastOffset: found.get(key) ?? 0, forgottenThrough: found.get(FORGOTTEN_KEYS) ?? 0 };
}

/**
 * Forgets the keys beyond the bound whose last event went the longest ago, and notes up to which offset keys are
 * forgotten by now.
 */
export async function forgetPurgedKeys(db: Queryable, topicId: number, maxKeys = MAX_KEYS): Promise<void> {
  await db.query({
    name: "forget_purged_keys",
    text: `
      WITH bound AS (
        SELECT last_offset FROM purged_key WHERE topic_id = $1 AND key <> '' ORDER BY last_offset DESC OFFSET $2 LIMIT 1
      ), gone AS (
        DELETE FROM purged_key p USING bound
        WHERE p.topic_id = $1 AND p.key <> '' AND p.last_offset <= bound.last_offset RETURNING p.last_offset
      )
      INSERT INTO purged_key (topic_id, key, last_offset)
      SELECT $1, '', max(last_offset) FROM gone HAVING count(*) > 0
      ON CONFLICT (topic_id, key) DO UPDATE SET last_offset = greatest(purged_key.last_offset, excluded.last_offset)`,
    values: [topicId, maxKeys],
  });
}
