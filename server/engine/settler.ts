import { BreakerWindow } from "../domain/breaker.ts";
import { DomainError } from "../domain/errors.ts";
import type { StateChangeText } from "../domain/state-fold.ts";
import type { ConsumerSetup } from "../store/consumer-setup-select.ts";
import type { Database } from "../store/database.ts";
import { isDatabaseAway } from "../store/database-errors.ts";
import { selectParkedStand } from "../store/parked-stand-select.ts";
import { isAsExpected, mergeCursors } from "../store/settle-cursors-merge.ts";
import { StateConflicts } from "../store/state-write.ts";
import { extendedChannel, settledChannel } from "./consumer-channels.ts";
import type { HeldPartition } from "./held-partition.ts";
import { type ParkedOutcome, type SettledOutcome, settleParked } from "./settle-parked.ts";
import { type Halt, haltAfter, isFailure, takeOver } from "./settlement-aftermath.ts";
import { type FindHolder, SettlementGroup, type SettlementItem } from "./settlement-group.ts";
import { refuseConflicting, refuseStale, refuseUndelivered } from "./settlement-refusals.ts";
import type { Wakeups } from "./wakeups.ts";

// A group longer than this would keep its callers waiting for no gain: the statement's cost per settlement is flat.
const MAX_GROUP = 10_000;
const MAX_QUEUED = 50_000;
const DEADLOCK = "40P01";
/** Deadlocks, and changes of what is parked, that one group may meet. */
const MAX_REPEATS = 20;

/** What the settler needs from those who hold partitions at this instance. */
export interface Holders {
  findHolder(consumerId: number): FindHolder;
  /** The partitions of the consumer held here. */
  held(consumerId: number): Iterable<HeldPartition>;
  /** Committed: there is room for new deliveries. */
  onSettled(consumerId: number): void;
  /** A lease held here is under another epoch than was thought. */
  onStale(consumerId: number): void;
  /** Takes over the parked events of the partitions held here as they are in the database. */
  reloadParked(consumerId: number): Promise<void>;
  /** The declaration as it is now; null when the consumer is gone. */
  readSetup(consumerId: number): Promise<ConsumerSetup | null>;
  /** An event was parked: members have to know that what was delivered after it of its key is taken back. */
  onParked(consumerId: number, item: SettlementItem, key: string | null): void;
  /** A consumer has to stop: too many failures, or an event of a topic-ordered one is out of attempts. */
  onHalt(setup: ConsumerSetup, halt: Halt): void;
}

export interface SettlerOptions {
  readonly database: Database;
  readonly wakeups: Pick<Wakeups, "announce">;
  readonly holders: Holders;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

/** What became of one request. */
export interface Settled {
  /** Indexes of settlements that do not count, because their deliveries were taken back. */
  readonly superseded: readonly number[];
}

interface Waiting {
  readonly items: readonly SettlementItem[];
  readonly resolve: (settled: Settled) => void;
  readonly reject: (error: unknown) => void;
}

interface Queue {
  /** As of the last request. */
  setup: ConsumerSetup;
  waiting: Waiting[];
  queued: number;
  /** Passed-over offsets wait to be brought to the database. */
  hasProgress: boolean;
  /** Parked events of partitions held here have changed elsewhere. */
  hasReload: boolean;
  readonly breaker: BreakerWindow;
  running: Promise<void> | null;
}

/**
 * Settles in groups, one at a time per consumer: while one group is on its way to the disk the next one gathers. A
 * request takes effect whole or not at all, and one that is refused leaves its neighbours alone.
 */
export class Settler {
  readonly #options: SettlerOptions;
  readonly #queues = new Map<number, Queue>();

  constructor(options: SettlerOptions) {
    this.#options = options;
  }

  /**
   * Resolves once committed. Refuses with `stale-epoch` (facts `stale: [{index, topic, partition, epoch,
   * currentEpoch}]`), `not-delivered` (facts `undelivered: [{index, topic, partition, offset}]`), `state-conflict`
   * (facts `conflicts: [{index, entry, expected, actual, reason}]`), `queue-full` and `database-unavailable`.
   */
  settle(setup: ConsumerSetup, items: readonly SettlementItem[]): Promise<Settled> {
    if (items.length === 0) return Promise.resolve({ superseded: [] });
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

  #queue(setup: ConsumerSetup): Queue {
    let queue = this.#queues.get(setup.consumerId);
    if (queue === undefined) {
      const breaker = new BreakerWindow();
      queue = { setup, waiting: [], queued: 0, hasProgress: false, hasReload: false, breaker, running: null };
      this.#queues.set(setup.consumerId, queue);
    }
    queue.setup = setup;
    return queue;
  }

  #start(queue: Queue): Promise<void> {
    queue.running ??= this.#drain(queue).finally(() => {
      queue.running = null;
      // Kept for the breaker's window when there is one; as many as there are consumers.
      if (isWanted(queue)) this.#start(queue).catch(() => undefined);
      else if (queue.setup.breaker === null) this.#queues.delete(queue.setup.consumerId);
    });
    return queue.running;
  }

  async #drain(queue: Queue): Promise<void> {
    // One turn of the loop, so that everything that arrived together goes together.
    await new Promise((resolve) => setImmediate(resolve));
    while (isWanted(queue)) {
      if (queue.hasReload) {
        queue.hasReload = false;
        await this.#options.holders.reloadParked(queue.setup.consumerId);
      }
      const group = takeGroup(queue);
      const withProgress = queue.hasProgress;
      queue.hasProgress = false;
      try {
        await this.#settleGroup(queue, group, withProgress);
      } catch (error) {
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

  async #settleGroup(queue: Queue, group: readonly Waiting[], withProgress: boolean): Promise<void> {
    const { holders, database } = this.#options;
    const { consumerId } = queue.setup;
    const findHolder = holders.findHolder(consumerId);
    let live = await refuseUndelivered(database.pool, { consumerId, findHolder }, group);
    let hasProgress = withProgress;
    for (let repeats = 0; live.length > 0 || hasProgress; repeats++) {
      const { setup } = queue;
      const partitions = foreignPartitions(findHolder, live);
      const foreign = partitions.length > 0 ? await selectParkedStand(database.pool, { consumerId, partitions }) : null;
      const settlements = new SettlementGroup(findHolder, { isTopicOrdered: setup.ordering === "topic", foreign });
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
      if (outcome.kind === "relaid") {
        const fresh = await holders.readSetup(consumerId);
        if (fresh === null) throw new DomainError("consumer-not-found", "the consumer is gone");
        queue.setup = fresh;
        holders.onStale(consumerId);
        continue;
      }
      const { leases } = outcome;
      const isStale = settlements.expected.some((it) => leases.get(it.partition)?.epoch !== it.epoch);
      if (isStale) {
        live = refuseStale(live, leases);
        hasProgress = false;
        holders.onStale(consumerId);
      } else await holders.reloadParked(consumerId);
    }
  }

  /** One statement for acks of live deliveries alone; otherwise a transaction that reads what is parked. */
  async #write(setup: ConsumerSetup, group: SettlementGroup, live: readonly Waiting[]): Promise<ParkedOutcome> {
    const { database, now } = this.#options;
    const withState = live.flatMap((request) =>
      request.items.flatMap((item, index) => (hasState(item) ? [{ item, request, index }] : [])),
    );
    if (withState.length > 0 || group.specials.length > 0 || group.followers.length > 0) {
      return settleParked(database, { setup, group, withState, random: Math.random, now });
    }
    const merge = group.merge(setup.consumerId);
    const leases = await mergeCursors(database.pool, merge);
    if (!isAsExpected(merge, leases)) return { kind: "stale", leases };
    return { kind: "settled", decisions: [], changed: new Map(), dead: [] };
  }

  #finish(
    queue: Queue,
    done: {
      readonly live: readonly Waiting[];
      readonly settlements: SettlementGroup;
      readonly outcome: SettledOutcome;
    },
  ): void {
    const { live, settlements, outcome } = done;
    const { holders, wakeups, now } = this.#options;
    const { setup } = queue;
    const { consumerId } = setup;
    const findHolder = holders.findHolder(consumerId);
    takeOver(holders, setup, { settlements, outcome });
    let settled = 0;
    for (const { items } of live) {
      for (const { outcome: answer, partition, epoch, topicId, offset, isVerdict } of items) {
        const found = findHolder(partition);
        const holder = found?.epoch === epoch ? found : undefined;
        if (holder !== undefined && isVerdict !== true) holder.heardAt = now();
        if (answer !== "extend") settled += 1;
        else if (holder !== undefined) holder.extend(topicId, now() + setup.ackTimeoutMs, offset);
        else wakeups.announce(extendedChannel(consumerId, partition));
      }
    }
    if (settlements.hasForeign) wakeups.announce(settledChannel(consumerId));
    holders.onSettled(consumerId);
    const superseded = new Set(
      settlements.specials.filter((_, i) => outcome.decisions[i] === "superseded").map((it) => it.item),
    );
    for (const { items, resolve } of live) {
      resolve({
        superseded: items.flatMap((item, index) => (superseded.has(item as never) ? [index] : [])),
      });
    }
    const failed = outcome.decisions.filter(isFailure).length;
    const halt = haltAfter(queue, { now: now(), settled: settled - failed, failed, dead: outcome.dead });
    if (halt !== null) holders.onHalt(setup, halt);
  }
}

function takeGroup(queue: Queue): Waiting[] {
  let count = 0;
  let end = 0;
  for (const { items } of queue.waiting) {
    if (end > 0 && count + items.length > MAX_GROUP) break;
    count += items.length;
    end += 1;
  }
  const group = queue.waiting.slice(0, end);
  queue.waiting = queue.waiting.slice(end);
  queue.queued -= count;
  return group;
}

function hasState(item: SettlementItem): item is SettlementItem & { state: StateChangeText } {
  return item.state !== null;
}

function isWanted(queue: Queue): boolean {
  return queue.waiting.length > 0 || queue.hasProgress || queue.hasReload;
}

function foreignPartitions(findHolder: FindHolder, live: readonly Waiting[]): number[] {
  const foreign = new Set<number>();
  for (const { items } of live) {
    for (const it of items) if (findHolder(it.partition)?.epoch !== it.epoch) foreign.add(it.partition);
  }
  return [...foreign];
}
