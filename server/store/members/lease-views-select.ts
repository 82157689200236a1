import type { Queryable } from "../database.ts";

export interface LeaseRow {
  readonly partition: number;
  readonly epoch: number;
  readonly member: string | null;
  readonly isExpired: boolean;
  readonly parkedVersion: number;
}

/** Who holds what and who is there, for one consumer, at one instant of the database's clock. */
export interface LeasesView {
  readonly consumerId: number;
  readonly layout: number;
  readonly updatedAt: string;
  /** By partition, ascending. */
  readonly leases: readonly LeaseRow[];
  /** The members alive, in the order they joined. */
  readonly members: readonly { readonly member: string; readonly session: string; readonly instance: string }[];
}

/** One statement for however many consumers: every instance asks for all of its own at each tick. */
export async function selectLeaseViews(db: Queryable, consumerIds: readonly number[]): Promise<LeasesView[]> {
  const { rows } = await db.query<{
    id: number;
    layout: number;
    updated_at: string;
    leases: LeaseRow[];
    members: { member: string; session: string; instance: string }[];
  }>({
    name: "select_lease_views",
    text: `
      SELECT c.id, c.layout, c.updated_at,
        (SELECT coalesce(json_agg(json_build_object('partition', l.partition, 'epoch', l.epoch, 'member', l.member,
                   'isExpired', coalesce(l.expires_at < now(), false), 'parkedVersion', l.parked_version) ORDER BY l.partition), '[]')
         FROM lease l WHERE l.consumer_id = c.id) AS leases,
        (SELECT coalesce(json_agg(json_build_object('member', m.member, 'session', m.session, 'instance', m.instance)
                   ORDER BY m.connected_at, m.member), '[]')
         FROM member m WHERE m.consumer_id = c.id AND m.expires_at >= now()) AS members
      FROM consumer c WHERE c.id = ANY ($1::int[])`,
    values: [consumerIds],
  });
  return rows.map(({ id, updated_at, ...row }) => ({ consumerId: id, updatedAt: updated_at, ...row }));
}
