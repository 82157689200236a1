import type pg from "pg";
import { transaction } from "../database.ts";
import { freeLeasesOf } from "./lease-free.ts";

export interface SessionJoin {
  readonly consumerId: number;
  readonly member: string;
  readonly session: string;
  readonly instance: string;
  /** Where the member is connected from. */
  readonly address: string | null;
  /** The member pulls instead of keeping a stream open. */
  readonly isPull: boolean;
  /** How long the row lives without a heartbeat. */
  readonly lastsMs: number;
  /** Instances that are known to be dead: their members are not connected, whatever the rows say. */
  readonly deadInstances: readonly string[];
}

/** Another session of the name has a live connection. */
export interface NameTaken {
  readonly instance: string;
  readonly address: string | null;
  readonly since: string;
}

/**
 * Enters a session under its member's name, unless another one of that name has a live connection: that is returned. One
 * that waits for its member to come back is over: its leases are free at once, and its heartbeat no longer finds a row.
 * Rows of members long gone are swept here, where somebody is waiting anyway.
 */
export async function joinSession(pool: pg.Pool, join: SessionJoin): Promise<NameTaken | null> {
  const { consumerId, member } = join;
  return transaction(pool, async (db) => {
    // The row first: whoever comes second waits here, and then sees the first one's.
    const inserted = await db.query({
      name: "join_session",
      text: `
        INSERT INTO member (consumer_id, member, session, instance, address, connected_at, expires_at, is_pull)
        VALUES ($1, $2, $3, $4, $5, clock_timestamp(), clock_timestamp() + $6 * interval '1 ms', $7)
        ON CONFLICT DO NOTHING`,
      values: [consumerId, member, join.session, join.instance, join.address, join.lastsMs, join.isPull],
    });
    if (inserted.rowCount === 0) {
      const { rows } = await db.query<NameTaken & { is_live: boolean }>({
        name: "lock_named_session",
        text: `
          SELECT instance, address, since, is_connected AND expires_at >= clock_timestamp() AS is_live
          FROM member WHERE consumer_id = $1 AND member = $2 FOR UPDATE`,
        values: [consumerId, member],
      });
      const other = rows[0];
      if (other?.is_live && !join.deadInstances.includes(other.instance)) {
        return { instance: other.instance, address: other.address, since: other.since };
      }
      await db.query({
        name: "replace_session",
        text: `
          INSERT INTO member AS m (consumer_id, member, session, instance, address, connected_at, expires_at, is_pull)
          VALUES ($1, $2, $3, $4, $5, clock_timestamp(), clock_timestamp() + $6 * interval '1 ms', $7)
          ON CONFLICT (consumer_id, member) DO UPDATE
          SET session = excluded.session, instance = excluded.instance, address = excluded.address,
            is_connected = true, connected_at = excluded.connected_at, since = excluded.connected_at,
            expires_at = excluded.expires_at, is_pull = excluded.is_pull`,
        values: [consumerId, member, join.session, join.instance, join.address, join.lastsMs, join.isPull],
      });
    }
    await freeLeasesOf(db, { consumerId, member });
    await db.query({
      name: "sweep_members",
      text: `DELETE FROM member WHERE consumer_id = $1 AND expires_at < now() - interval '1 minute'`,
      values: [consumerId],
    });
    return null;
  });
}
