import type { BreakerTrip } from "../../domain/breaker.ts";
import { DomainError } from "../../domain/errors.ts";
import type { StateChangeText } from "../../domain/state-fold.ts";
import type { ConsumerSetup } from "../../store/consumers/setup-select.ts";
import type { Database } from "../../store/database.ts";
import { isDatabaseAway } from "../../store/database-errors.ts";
import type { StoredError } from "../../store/parked/settle-write.ts";
import { isAsExpected, mergeCursors, movedPartitions } from "../../store/settling/cursors-merge.ts";
import { StateConflicts } from "../../store/settling/state-write.ts";
import { AttemptTally } from "../insight/attempt-tally.ts";
import type { HeldPartition } from "../partitions/held-partition.ts";
import { answerAll, haltAfter, isFailure, takeOver, tripAfter } from "./aftermath.ts";
import { type FindHolder, isHeldHere, SettlementGroup, type SettlementItem } from "./group.ts";
import { type HolderResult, isWanted, newQueue, type SettlementQueue, takeGroup, type Waiting } from "./queue.ts";
import { refuseConflicting, refuseUndelivered } from "./refusals.ts";
import { type ParkedOutcome, type SettledOutcome, settleParked, type WithState } from "./settle-parked.ts";

const MAX_QUEUED = 50_000;
const DEADLOCK = "40P01";
/** Deadlocks, and changes of what is parked, that one group may meet. */
const MAX_REPEATS = 20;

/** What the settler needs from those who hold partitions at this instance. */
export interface Holders {
  /** The consumer as its members here know it; undefined when it has none. */
  setup(consumerId: number): ConsumerSetup | undefined;
  findHolder(consumerId: number): FindHolder;
  /** The partitions of the consumer held here. */
  held(consumerId: number): Iterable<HeldPartition>;
  /** Committed: there is room for new deliveries. */
  onSettled(consumerId: number): void;
  /** The member that has a partition has spoken. */
  onHeard(consumerId: number, held: HeldPartition): void;
  /** It asks for more time, for a delivery, for a topic, or for all it has of the partition. */
  onExtended(
    consumerId: number,
    held: HeldPartition,
    of: { readonly topicId: number | null; readonly offset: number | null },
  ): void;
  /** A lease held here is under another epoch than was thought. */
  onStale(consumerId: number): void;
  /** Takes over the parked events of the partitions held here as they are in the database. */
  reloadParked(consumerId: number): Promise<void>;
  /** Takes over the cursors as well: it is not known whether the last group was written. */
  reconcile(consumerId: number): Promise<void>;
  /** An event was parked: members have to know that what was delivered after it of its key is taken back. */
  onParked(consumerId: number, item: SettlementItem, key: string | null): void;
  /** An event of a topic-ordered consumer is out of attempts: it has to stop. */
  onHalt(setup: ConsumerSetup, reason: string): void;
  /** (Nearly) everything fails. */
  onTrip(setup: ConsumerSetup, trip: { readonly trip: BreakerTrip; readonly error: StoredError | null }): void;
  /** Whether the delivery of this number, of the session that has the partition, was made to try. */
  isProbe(consumerId: number, partition: number, number: number): boolean;
  /** A delivery that was tried went well. */
  onRecovered(setup: ConsumerSetup): void;
}

export interface SettlerOptions {
  readonly database: Database;
  /** This process: it settles what it holds, and nothing else. */
  readonly instance: string;
  readonly holders: Holders;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

/**
 * Settles what this instance holds, in groups, one at a time per consumer: while one group is on its way to the disk the
 * next one gathers. A request takes effect whole or not at all, and one that is refused leaves its neighbours alone.
 */
export class Settler {
  readonly #options: SettlerOptions;
  readonly #queues = new Map<number, SettlementQueue>();
  readonly attempts = new AttemptTally();

  constructor(options: SettlerOptions) {
    this.#options = options;
  }

  /**
   * Resolves once committed, or `moved`. Refuses with `not-delivered` (facts `undelivered: [{index, topic, partition,
   * offset}]`), `state-conflict` (facts `conflicts: [{index, entry, expected, actual, reason}]`), `queue-full` and
   * `database-unavailable`.
   */
  settle(consumerId: number, items: readonly SettlementItem[]): Promise<HolderResult> {
    if (items.length === 0) return Promise.resolve({ kind: "settled", superseded: [] });
    const setup = this.#options.holders.setup(consumerId);
    if (setup === undefined) return Promise.resolve({ kind: "moved" });
    const queue = this.#queue(setup);
    if (queue.queued + items.length > MAX_QUEUED) {
      return Promise.reject(
        new DomainError("queue-full", "too many settlements are waiting for this consumer", { retryAfterSeconds: 1 }),
      );
    }
    return new Promise((resolve, reject) => {
      queue.waiting.push({ items, resolve, reject });
      queue.queued += items.length;
      this.#start(queue);
    });
  }

  /** Brings passed-over offsets, and events to be parked, of the partitions held here to the database. */
  progress(setup: ConsumerSetup): Promise<void> {
    const queue = this.#queue(setup);
    queue.hasProgress = true;
    return this.#start(queue);
  }

  /** Parked events have changed elsewhere: they are read again between two groups. */
  reload(setup: ConsumerSetup): Promise<void> {
    const queue = this.#queue(setup);
    queue.hasReload = true;
    return this.#start(queue);
  }

  /** Settlements that wait for the database, of all consumers. */
  get queued(): number {
    let sum = 0;
    for (const queue of this.#queues.values()) sum += queue.queued;
    return sum;
  }

  #queue(setup: ConsumerSetup): SettlementQueue {
    let queue = this.#queues.get(setup.consumerId);
    if (queue === undefined) {
      queue = newQueue(setup);
      this.#queues.set(setup.consumerId, queue);
    }
    queue.setup = setup;
    return queue;
  }

  #start(queue: SettlementQueue): Promise<void> {
    queue.running ??= this.#drain(queue).finally(() => {
      queue.running = null;
      // Kept for the breaker's window when there is one, and for what it is not sure of; as many as there are consumers.
      if (isWanted(queue)) this.#start(queue).catch(() => undefined);
      else if (queue.setup.breaker === null && !queue.isUnsure) this.#queues.delete(queue.setup.consumerId);
    });
    return queue.running;
  }

  async #drain(queue: SettlementQueue): Promise<void> {
    // One turn of the loop, so that everything that arrived together goes together.
    await new Promise((resolve) => setImmediate(resolve));
    while (isWanted(queue)) {
      const isReload = queue.hasReload;
      queue.hasReload = false;
      const group = takeGroup(queue);
      const withProgress = queue.hasProgress;
      queue.hasProgress = false;
      try {
        const { consumerId } = queue.setup;
        if (queue.isUnsure) await this.#options.holders.reconcile(consumerId);
        else if (isReload) await this.#options.holders.reloadParked(consumerId);
        queue.isUnsure = false;
        await this.#settleGroup(queue, group, withProgress);
      } catch (error) {
        queue.isUnsure = true;
        const refusal = isDatabaseAway(error)
          ? new DomainError("database-unavailable", "the database is away; nothing is known to be settled", {
              retryAfterSeconds: 1,
              cause: error,
            })
          : error;
        for (const waiting of group) waiting.reject(refusal);
      }
    }
  }

  async #settleGroup(queue: SettlementQueue, group: readonly Waiting[], withProgress: boolean): Promise<void> {
    const { holders, database, instance } = this.#options;
    const { consumerId } = queue.setup;
    const setup = holders.setup(consumerId) ?? queue.setup;
    queue.setup = setup;
    const findHolder = holders.findHolder(consumerId);
    let live = await refuseUndelivered(database.pool, { partitions: setup.partitions, findHolder }, group);
    let hasProgress = withProgress;
    for (let repeats = 0; live.length > 0 || hasProgress; repeats++) {
      // From here to the write without a pause: what is held now is what the database is asked to expect.
      live = live.filter((it) => staysIf(it, (item) => isHeldHere(findHolder, item)));
      const settlements = new SettlementGroup(findHolder, { isProbed: setup.failing !== null });
      for (const waiting of live) for (const item of waiting.items) settlements.add(item);
      if (hasProgress) for (const held of holders.held(consumerId)) settlements.addProgress(held);
      settlements.seal();
      if (settlements.isEmpty) return;
      let outcome: ParkedOutcome;
      try {
        outcome = await this.#write(setup, settlements, live);
      } catch (error) {
        settlements.rollBack();
        if (error instanceof StateConflicts) {
          live = refuseConflicting(live, error.byRequest);
          continue;
        }
        // Two instances that write the same state keys can lock them crosswise; one of them is asked to repeat.
        if ((error as { code?: unknown }).code === DEADLOCK && repeats < MAX_REPEATS) continue;
        throw error;
      }
      if (outcome.kind === "settled") {
        settlements.commit();
        this.#finish(queue, { live, settlements, outcome });
        return;
      }
      settlements.rollBack();
      if (repeats >= MAX_REPEATS) throw new Error(`what is parked of consumer ${setup.consumer} changes too fast`);
      const moved = movedPartitions({ holder: instance, expected: settlements.expected }, outcome.leases);
      if (moved.size > 0) {
        live = live.filter((it) => staysIf(it, ({ partition }) => !moved.has(partition)));
        hasProgress = false;
        holders.onStale(consumerId);
      } else await holders.reloadParked(consumerId);
    }
  }

  /** One statement for acks of live deliveries alone; otherwise a transaction that reads what is parked. */
  async #write(setup: ConsumerSetup, group: SettlementGroup, live: readonly Waiting[]): Promise<ParkedOutcome> {
    const { database, instance, now } = this.#options;
    const withState: WithState[] = [];
    for (const request of live) {
      request.items.forEach((item, index) => {
        if (hasState(item)) withState.push({ item, request, index });
      });
    }
    if (withState.length > 0 || group.specials.length > 0 || group.followers.length > 0) {
      return settleParked(database, { setup, instance, group, withState, random: Math.random, now });
    }
    const merge = group.merge(setup.consumerId, instance);
    const leases = await mergeCursors(database.pool, merge);
    if (!isAsExpected(merge, leases)) return { kind: "stale", leases };
    return { kind: "settled", decided: [], changed: new Map(), dead: [] };
  }

  #finish(
    queue: SettlementQueue,
    done: {
      readonly live: readonly Waiting[];
      readonly settlements: SettlementGroup;
      readonly outcome: SettledOutcome;
    },
  ): void {
    const { live, settlements, outcome } = done;
    const { holders, now } = this.#options;
    const { setup } = queue;
    const { consumerId } = setup;
    const findHolder = holders.findHolder(consumerId);
    this.attempts.add(consumerId, settlements, outcome);
    takeOver(holders, setup, { settlements, outcome });
    const heard = new Set<HeldPartition>();
    let settled = 0;
    for (const { items } of live) {
      for (const item of items) {
        const holder = findHolder(item.partition);
        if (item.outcome !== "extend") settled += 1;
        if (holder === undefined || holder.epoch !== item.epoch) continue;
        if (item.isVerdict !== true) heard.add(holder);
        if (item.outcome !== "extend") continue;
        const topicId = item.topicId === 0 ? null : item.topicId;
        holders.onExtended(consumerId, holder, { topicId, offset: item.offset === 0 ? null : item.offset });
      }
    }
    for (const holder of heard) holders.onHeard(consumerId, holder);
    holders.onSettled(consumerId);
    answerAll(live, outcome);
    const failures = outcome.decided.filter(isFailure).map((it) => it.special.item);
    const halt = haltAfter(setup, outcome.dead);
    if (halt !== null) holders.onHalt(setup, halt);
    const trip = tripAfter(queue, { now: now(), settled: settled - failures.length, failures });
    if (trip !== null) holders.onTrip(setup, trip);
    if (setup.failing !== null && this.#wentWell(setup, done)) holders.onRecovered(setup);
  }

  /** Whether a delivery that was tried while the breaker is open went well. */
  #wentWell(
    { consumerId }: ConsumerSetup,
    { settlements, outcome }: { readonly settlements: SettlementGroup; readonly outcome: SettledOutcome },
  ): boolean {
    const released = outcome.decided.filter((it) => it.decision === "release").map((it) => it.special.item);
    return [...settlements.counted, ...released].some((item) => {
      const number = settlements.numberOf(item);
      return number !== undefined && this.#options.holders.isProbe(consumerId, item.partition, number);
    });
  }
}

function hasState(item: SettlementItem): item is SettlementItem & { state: StateChangeText } {
  return item.state !== null;
}

/** Answers a request that is not held here with all of its settlements; says whether it is. */
function staysIf({ items, resolve }: Waiting, isHeld: (item: SettlementItem) => boolean): boolean {
  if (items.every(isHeld)) return true;
  resolve({ kind: "moved" });
  return false;
}
