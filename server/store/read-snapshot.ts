import type pg from "pg";
import { patientTransaction, type Queryable } from "./database.ts";

/** Reads all of it as of one instant. What is read so is much, so it may take its time. */
export function readSnapshot<T>(pool: pg.Pool, work: (db: Queryable) => Promise<T>): Promise<T> {
  return patientTransaction(pool, async (db) => {
    await db.query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY");
    return work(db);
  });
}
