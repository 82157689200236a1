import type pg from "pg";
import { transaction } from "../database.ts";
import { freeLeasesOf } from "./lease-free.ts";

export interface SessionEnd {
  readonly consumerId: number;
  readonly member: string;
  /** Null: whichever session the name has. */
  readonly session: string | null;
}

/** Ends a session and frees its leases, unless its name has another one by now. Returns whether there was one to end. */
export async function endSession(pool: pg.Pool, end: SessionEnd): Promise<boolean> {
  return transaction(pool, async (db) => {
    const { rowCount } = await db.query({
      name: "end_session",
      text: "DELETE FROM member WHERE consumer_id = $1 AND member = $2 AND ($3::text IS NULL OR session = $3)",
      values: [end.consumerId, end.member, end.session],
    });
    if (rowCount === 0) return false;
    await freeLeasesOf(db, end);
    return true;
  });
}
