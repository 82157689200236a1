import type { Queryable } from "../database.ts";

/** A hundred years; a timestamp knows no time much further away. */
const MAX_AGO_MS = 3_155_760_000_000;

/** The time so many milliseconds ago, by the clock that events are recorded by. */
export async function selectTimeAgo(db: Queryable, ms: number): Promise<string> {
  const { rows } = await db.query<{ time: string }>({
    name: "select_time_ago",
    text: "SELECT clock_timestamp() - $1::float8 * interval '1 millisecond' AS time",
    values: [Math.min(ms, MAX_AGO_MS)],
  });
  const [row] = rows;
  if (row === undefined) throw new Error("a select without a table returned no row");
  return row.time;
}

/** Whether a time is yet to come, by the same clock. */
export async function isInFuture(db: Queryable, time: string): Promise<boolean> {
  const { rows } = await db.query<{ is_in_future: boolean }>({
    name: "is_in_future",
    text: "SELECT $1::timestamptz > clock_timestamp() AS is_in_future",
    values: [time],
  });
  return rows[0]?.is_in_future === true;
}
