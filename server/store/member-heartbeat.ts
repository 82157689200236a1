import type { Queryable } from "./database.ts";

export interface Heartbeat {
  readonly members: readonly { readonly consumerId: number; readonly member: string; readonly connection: string }[];
  readonly leaseMs: number;
}

/**
 * Renews all members of an instance and whatever leases they hold, in one statement. Returns the connections that are
 * still theirs; one that is missing was replaced. A lease follows its member's row, which the first part has locked:
 * a second connection under the same name can therefore not be renewed by the first.
 */
export async function beatHearts(db: Queryable, { members, leaseMs }: Heartbeat): Promise<Set<string>> {
  const { rows } = await db.query<{ connection: string }>({
    name: "beat_hearts",
    text: `
      WITH mine AS (
        SELECT m.consumer_id, m.member FROM member m
        JOIN unnest($1::int[], $2::text[], $3::uuid[]) AS i(consumer_id, member, connection)
          ON m.consumer_id = i.consumer_id AND m.member = i.member AND m.connection = i.connection
        ORDER BY m.consumer_id, m.member FOR NO KEY UPDATE OF m
      ), alive AS (
        UPDATE member m SET expires_at = now() + $4 * interval '1 ms'
        FROM mine WHERE m.consumer_id = mine.consumer_id AND m.member = mine.member
        RETURNING m.consumer_id, m.member, m.connection
      ), held AS (
        SELECT l.consumer_id, l.partition FROM lease l
        JOIN alive USING (consumer_id, member)
        ORDER BY l.consumer_id, l.partition FOR NO KEY UPDATE OF l
      ), renewed AS (
        UPDATE lease l SET expires_at = now() + $4 * interval '1 ms'
        FROM held WHERE l.consumer_id = held.consumer_id AND l.partition = held.partition
      )
      SELECT connection FROM alive`,
    values: [
      members.map((it) => it.consumerId),
      members.map((it) => it.member),
      members.map((it) => it.connection),
      leaseMs,
    ],
  });
  return new Set(rows.map((row) => row.connection));
}
