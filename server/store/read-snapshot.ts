import type pg from "pg";
import { type Queryable, transaction } from "./database.ts";

/** Reads all of it as of one instant. */
export function readSnapshot<T>(pool: pg.Pool, work: (db: Queryable) => Promise<T>): Promise<T> {
  return transaction(pool, async (db) => {
    await db.query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY");
    return work(db);
  });
}
