import type { Queryable } from "../database.ts";
import type { NotedInFlight } from "./session-adopt.ts";

export interface Heartbeat {
  readonly instance: string;
  readonly members: readonly {
    readonly consumerId: number;
    readonly session: string;
    /** How long it lives without the next one. */
    readonly lastsMs: number;
  }[];
  /** Of partitions where it has changed. */
  readonly inFlight: readonly {
    readonly consumerId: number;
    readonly partition: number;
    readonly epoch: number;
    readonly inFlight: NotedInFlight;
  }[];
}

/**
 * Renews all sessions of an instance and whatever leases they hold, in one statement, and notes what is in flight.
 * Returns the sessions that are still here; one that is missing was replaced, or goes on elsewhere. A lease follows its
 * member's row, which the first part has locked: a newcomer of the name can therefore not be renewed by the one before.
 */
export async function beatHearts(db: Queryable, { instance, members, inFlight }: Heartbeat): Promise<Set<string>> {
  const { rows } = await db.query<{ session: string }>({
    name: "beat_hearts",
    text: `
      WITH mine AS (
        SELECT m.consumer_id, m.member, i.lasts_ms FROM member m
        JOIN unnest($1::int[], $2::text[], $3::float8[]) AS i(consumer_id, session, lasts_ms)
          ON m.consumer_id = i.consumer_id AND m.session = i.session AND m.instance = $4
        ORDER BY m.consumer_id, m.member FOR NO KEY UPDATE OF m
      ), alive AS (
        UPDATE member m SET expires_at = now() + mine.lasts_ms * interval '1 ms'
        FROM mine WHERE m.consumer_id = mine.consumer_id AND m.member = mine.member
        RETURNING m.consumer_id, m.member, m.session, mine.lasts_ms
      ), held AS (
        SELECT l.consumer_id, l.partition, alive.lasts_ms FROM lease l
        JOIN alive USING (consumer_id, member)
        ORDER BY l.consumer_id, l.partition FOR NO KEY UPDATE OF l
      ), noted AS (
        SELECT * FROM unnest($5::int[], $6::int[], $7::bigint[], $8::json[]) AS n(consumer_id, partition, epoch, in_flight)
      ), renewed AS (
        UPDATE lease l SET expires_at = now() + held.lasts_ms * interval '1 ms',
          in_flight = coalesce((
            SELECT n.in_flight FROM noted n
            WHERE n.consumer_id = l.consumer_id AND n.partition = l.partition AND n.epoch = l.epoch
          ), l.in_flight)
        FROM held WHERE l.consumer_id = held.consumer_id AND l.partition = held.partition
      )
      SELECT session FROM alive`,
    values: [
      members.map((it) => it.consumerId),
      members.map((it) => it.session),
      members.map((it) => it.lastsMs),
      instance,
      inFlight.map((it) => it.consumerId),
      inFlight.map((it) => it.partition),
      inFlight.map((it) => it.epoch),
      inFlight.map((it) => JSON.stringify(it.inFlight)),
    ],
  });
  return new Set(rows.map((row) => row.session));
}
