export interface LeaseView {
  readonly partition: number;
  readonly member: string | null;
  /** The lease's time has passed on the database's clock: anybody may claim it. */
  readonly isExpired: boolean;
}

export interface LeasePlanInput {
  readonly leases: readonly LeaseView[];
  /** The members alive, in the order they joined. */
  readonly members: readonly string[];
  readonly member: string;
}

export interface LeasePlan {
  readonly claim: readonly number[];
  /** To be handed over once nothing of them is in flight. */
  readonly release: readonly number[];
}

/**
 * How many partitions each member gets: all P are used and no two shares differ by more than one. (Not ⌈P/M⌉ for
 * everybody: with four partitions and three members that gives 2, 2 and 0.)
 */
export function fairShare(partitions: number, members: number, index: number): number {
  if (members === 0) return 0;
  return Math.floor(partitions / members) + (index < partitions % members ? 1 : 0);
}

/**
 * What one member should claim and hand over. Every instance plans for its own members from the same rows, and the
 * shares add up to the partitions, so the plans fit together without anybody leading. Two that reach for the same
 * partition are told apart by the claiming statement, not here.
 */
export function planLeases({ leases, members, member }: LeasePlanInput): LeasePlan {
  const index = members.indexOf(member);
  if (index < 0) return { claim: [], release: [] };
  const share = fairShare(leases.length, members.length, index);
  const held = leases.filter((lease) => lease.member === member && !lease.isExpired).map((lease) => lease.partition);
  if (held.length >= share) return { claim: [], release: held.slice(share) };
  // Partitions that would have been its own in a fresh start come first, so that members rarely reach for the same one.
  const start = members.slice(0, index).reduce((sum, _, i) => sum + fairShare(leases.length, members.length, i), 0);
  const free = leases.filter((lease) => lease.member === null || lease.isExpired).map((lease) => lease.partition);
  const own = (partition: number) => partition >= start && partition < start + share;
  const claim = [...free.filter(own), ...free.filter((partition) => !own(partition))];
  return { claim: claim.slice(0, share - held.length), release: [] };
}
