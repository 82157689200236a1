import type { Queryable } from "../database.ts";
import { SAMPLE_S } from "./samples-insert.ts";

/** Seconds between two samples that are older than a day. */
export const COARSE_S = 300;
/** Rows that one statement deletes at most. */
const MAX_ROWS = 5_000;

// A coarse sample says the worst lag of its time, and the counts as they stood at its end.
const TABLES = {
  consumer_sample: {
    keys: "consumer_id, topic_id",
    columns: "lag, lag_ms, settled_count, failed_count, parked",
    merged: `max(lag), max(lag_ms), (array_agg(settled_count ORDER BY at DESC))[1],
      (array_agg(failed_count ORDER BY at DESC))[1], max(parked)`,
  },
  topic_sample: {
    keys: "topic_id",
    columns: "head, bytes",
    merged: "max(head), (array_agg(bytes ORDER BY at DESC))[1]",
  },
} as const;

/**
 * One step of making samples coarser: the oldest five minutes that are older than a day become one sample each. Returns
 * how many rows that replaced; 0 = there is nothing left to do. Two instances at once do no harm: what one deletes, the
 * other does not see any more.
 */
export async function coarsenSamples(db: Queryable, table: keyof typeof TABLES): Promise<number> {
  const { keys, columns, merged } = TABLES[table];
  const { rows } = await db.query<{ count: number }>({
    name: `coarsen_${table}`,
    text: `
      WITH oldest AS (
        SELECT date_bin('${COARSE_S} s', min(at), 'epoch') AS at FROM ${table} WHERE resolution_s = ${SAMPLE_S}
      ), gone AS (
        DELETE FROM ${table} s USING oldest o
        WHERE s.resolution_s = ${SAMPLE_S} AND s.at >= o.at AND s.at < o.at + interval '${COARSE_S} s'
          AND o.at + interval '${COARSE_S} s' <= now() - interval '1 day'
        RETURNING s.*
      ), coarse AS (
        INSERT INTO ${table} (${keys}, resolution_s, at, ${columns})
        SELECT ${keys}, ${COARSE_S}, (SELECT at FROM oldest), ${merged} FROM gone GROUP BY ${keys}
        ON CONFLICT DO NOTHING
      )
      SELECT count(*) AS count FROM gone`,
  });
  return rows[0]?.count ?? 0;
}

/** Forgets samples older than 30 days, some at a time. Returns how many. */
export async function deleteOldSamples(db: Queryable, table: keyof typeof TABLES): Promise<number> {
  const { rowCount } = await db.query({
    name: `delete_old_${table}`,
    text: `
      DELETE FROM ${table} WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM ${table} WHERE at < now() - interval '30 days' LIMIT ${MAX_ROWS}))`,
  });
  return rowCount ?? 0;
}
