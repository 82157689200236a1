import type { Queryable } from "./database.ts";

/** Some 300 kB: a disk that is full has no room for new pages long before it has none for another row. */
const ROWS = 8_000;

/**
 * Does what publishing and settling do: takes their locks, which finds a table that somebody has locked, and has new
 * pages written to the disk. `TRUNCATE` begins a new file each time, so the probe neither grows nor finds old room.
 * Takes some 5 ms. In one piece, which is
 * one transaction, so that a connection that is lost half way holds no lock.
 */
export async function probeWriting(db: Queryable): Promise<void> {
  await db.query(`
    LOCK TABLE topic_head, event IN ROW EXCLUSIVE MODE;
    LOCK TABLE lease, cursor IN ROW EXCLUSIVE MODE;
    TRUNCATE write_probe;
    INSERT INTO write_probe SELECT generate_series(1, ${ROWS})`);
}
