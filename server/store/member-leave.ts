import type pg from "pg";
import { transaction } from "./database.ts";

export interface MemberLeave {
  readonly consumerId: number;
  readonly member: string;
  readonly connection: string;
}

/** Takes a member out and frees its leases, unless another connection has taken its name over. */
export async function leaveMember(pool: pg.Pool, leave: MemberLeave): Promise<void> {
  await transaction(pool, async (db) => {
    const { rowCount } = await db.query({
      name: "leave_member",
      text: "DELETE FROM member WHERE consumer_id = $1 AND member = $2 AND connection = $3",
      values: [leave.consumerId, leave.member, leave.connection],
    });
    if (rowCount === 0) return;
    await db.query({
      name: "free_left_leases",
      text: `
        WITH held AS (
          SELECT partition FROM lease WHERE consumer_id = $1 AND member = $2 ORDER BY partition FOR NO KEY UPDATE
        )
        UPDATE lease l SET member = NULL, holder = NULL, expires_at = NULL
        FROM held WHERE l.consumer_id = $1 AND l.partition = held.partition`,
      values: [leave.consumerId, leave.member],
    });
  });
}
