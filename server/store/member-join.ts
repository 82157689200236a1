import type pg from "pg";
import { transaction } from "./database.ts";

export interface MemberJoin {
  readonly consumerId: number;
  readonly member: string;
  readonly connection: string;
  readonly instance: string;
  readonly leaseMs: number;
}

/**
 * Enters a member. A second connection under the same name replaces the first: its leases are free at once, and its
 * heartbeat no longer finds a row. Rows of members long gone are swept here, where somebody is waiting anyway.
 */
export async function joinMember(pool: pg.Pool, join: MemberJoin): Promise<void> {
  await transaction(pool, async (db) => {
    await db.query({
      name: "join_member",
      text: `
        INSERT INTO member (consumer_id, member, connection, instance, connected_at, expires_at)
        VALUES ($1, $2, $3, $4, clock_timestamp(), now() + $5 * interval '1 ms')
        ON CONFLICT (consumer_id, member) DO UPDATE
        SET connection = excluded.connection, instance = excluded.instance, connected_at = excluded.connected_at,
            expires_at = excluded.expires_at`,
      values: [join.consumerId, join.member, join.connection, join.instance, join.leaseMs],
    });
    await db.query({
      name: "free_replaced_leases",
      text: `
        WITH held AS (
          SELECT partition FROM lease WHERE consumer_id = $1 AND member = $2 ORDER BY partition FOR NO KEY UPDATE
        )
        UPDATE lease l SET member = NULL, holder = NULL, expires_at = NULL
        FROM held WHERE l.consumer_id = $1 AND l.partition = held.partition`,
      values: [join.consumerId, join.member],
    });
    await db.query({
      name: "sweep_members",
      text: `DELETE FROM member WHERE consumer_id = $1 AND expires_at < now() - interval '1 minute'`,
      values: [join.consumerId],
    });
  });
}
