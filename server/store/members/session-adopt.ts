import type pg from "pg";
import type { NotedFlow } from "../../domain/noted-in-flight.ts";
import { type Database, type Queryable, transaction } from "../database.ts";

/** What the holder of a partition noted with its last heartbeat, by topic id. */
export type NotedInFlight = Readonly<Record<string, NotedFlow>>;

/** A partition that a session held at the instance before. */
export interface AdoptedLease {
  readonly partition: number;
  readonly epoch: number;
  readonly inFlight: NotedInFlight | null;
}

export interface AdoptedSession {
  readonly session: string;
  readonly member: string;
  readonly isPull: boolean;
  readonly leases: readonly AdoptedLease[];
}

export interface SessionAdoption {
  readonly consumerId: number;
  /** One session by its id, and its member's name unless that is not known; or all of an instance that is dead. */
  readonly of: { readonly session: string; readonly member: string | null } | { readonly instance: string };
  /** Who holds its partitions from now on, under the same epochs. */
  readonly instance: string;
  readonly isConnected: boolean;
  readonly address: string | null;
  readonly lastsMs: number;
}

/**
 * Takes sessions over from another instance. Epochs stay, so late settlements count; the holder changes, so the instance
 * before can write nothing any more. Returns those that are not over.
 */
export async function adoptSessions(database: Database, adoption: SessionAdoption): Promise<AdoptedSession[]> {
  const { consumerId, of, instance, isConnected, address, lastsMs } = adoption;
  const isOne = "session" in of;
  return transaction(database.pool, async (db) => {
    const { rows } = await db.query<{ session: string; member: string; isPull: boolean }>({
      name: isOne ? "adopt_session" : "adopt_sessions",
      text: `
        WITH found AS (
          SELECT member FROM member
          WHERE consumer_id = $1 AND ${isOne ? "session = $2::text AND member = coalesce($7, member)" : "instance = $2::uuid"}
            AND instance <> $3
          ORDER BY member FOR UPDATE
        )
        UPDATE member m
        SET instance = $3, is_connected = $4, address = $5, since = now(),
          expires_at = greatest(m.expires_at, clock_timestamp() + $6 * interval '1 ms')
        FROM found WHERE m.consumer_id = $1 AND m.member = found.member
        RETURNING m.session, m.member, m.is_pull AS "isPull"`,
      values: [
        ...[consumerId, isOne ? of.session : of.instance, instance, isConnected, address, lastsMs],
        ...(isOne ? [of.member] : []),
      ],
    });
    const adopted: AdoptedSession[] = [];
    for (const { member, ...row } of rows) {
      adopted.push({ ...row, member, leases: await takeLeases(db, { consumerId, member, instance, lastsMs }) });
    }
    return adopted;
  });
}

async function takeLeases(
  db: Queryable,
  lease: { readonly consumerId: number; readonly member: string; readonly instance: string; readonly lastsMs: number },
): Promise<AdoptedLease[]> {
  const { rows } = await db.query<{ partition: number; epoch: number; in_flight: NotedInFlight | null }>({
    name: "take_leases",
    text: `
      WITH held AS (
        SELECT partition FROM lease WHERE consumer_id = $1 AND member = $2 ORDER BY partition FOR NO KEY UPDATE
      )
      UPDATE lease l SET holder = $3, expires_at = clock_timestamp() + $4 * interval '1 ms'
      FROM held WHERE l.consumer_id = $1 AND l.partition = held.partition
      RETURNING l.partition, l.epoch, l.in_flight`,
    values: [lease.consumerId, lease.member, lease.instance, lease.lastsMs],
  });
  return rows.map(({ in_flight: inFlight, ...it }) => ({ ...it, inFlight }));
}

/** An instance lets go of a session for good: the member has so long to come back, at another one. */
export async function handOverSession(
  database: Database,
  of: { readonly consumerId: number; readonly session: string; readonly instance: string; readonly graceMs: number },
): Promise<void> {
  const values = [of.consumerId, of.session, of.instance, of.graceMs];
  await transaction(database.pool, async (db) => {
    await db.query({
      name: "hand_over_session",
      text: `
        UPDATE member SET is_connected = false, since = now(),
          expires_at = clock_timestamp() + $4::float8 * interval '1 ms'
        WHERE consumer_id = $1 AND session = $2 AND instance = $3`,
      values,
    });
    await db.query({
      name: "hand_over_leases",
      text: `
        WITH held AS (
          SELECT l.partition FROM lease l JOIN member m ON m.consumer_id = l.consumer_id AND m.member = l.member
          WHERE l.consumer_id = $1 AND m.session = $2 AND m.instance = $3
          ORDER BY l.partition FOR NO KEY UPDATE OF l
        )
        UPDATE lease l SET expires_at = clock_timestamp() + $4::float8 * interval '1 ms'
        FROM held WHERE l.consumer_id = $1 AND l.partition = held.partition`,
      values,
    });
  });
}

/** Whether the member of a session is connected. False: the session is over, or goes on at another instance. */
export async function noteConnection(
  pool: pg.Pool,
  note: {
    readonly consumerId: number;
    readonly session: string;
    readonly instance: string;
    readonly isConnected: boolean;
    readonly address: string | null;
    readonly lastsMs: number;
  },
): Promise<boolean> {
  const { rowCount } = await pool.query({
    name: "note_connection",
    text: `
      UPDATE member SET is_connected = $4, address = $5, since = now(),
        expires_at = greatest(expires_at, clock_timestamp() + $6 * interval '1 ms')
      WHERE consumer_id = $1 AND session = $2 AND instance = $3`,
    values: [note.consumerId, note.session, note.instance, note.isConnected, note.address, note.lastsMs],
  });
  return rowCount === 1;
}
