import { DomainError } from "../domain/errors.ts";
import { foldState, type StateChangeText } from "../domain/state-fold.ts";
import { selectHeldCursors } from "../store/cursor-held-select.ts";
import { type Database, transaction } from "../store/database.ts";
import { isDatabaseAway } from "../store/database-errors.ts";
import { lockLeases } from "../store/lease-lock.ts";
import { selectTopicHeads } from "../store/position-heads-select.ts";
import { mergeCursors } from "../store/settle-cursors-merge.ts";
import { writeState } from "../store/state-write.ts";
import { extendedChannel, settledChannel } from "./consumer-channels.ts";
import type { HeldPartition } from "./held-partition.ts";
import { type FindHolder, SettlementGroup, type SettlementItem } from "./settlement-group.ts";
import type { Wakeups } from "./wakeups.ts";

// A group longer than this would keep its callers waiting for no gain: the statement's cost per settlement is flat.
const MAX_GROUP = 10_000;
const MAX_QUEUED = 50_000;
const DEADLOCK = "40P01";
const MAX_DEADLOCKS = 5;

/** What the settler needs from those who hold partitions at this instance. */
export interface Holders {
  findHolder(consumerId: number): FindHolder;
  /** The partitions of the consumer held here. */
  held(consumerId: number): Iterable<HeldPartition>;
  /** Committed: there is room for new deliveries. */
  onSettled(consumerId: number): void;
  /** A lease held here is under another epoch than was thought. */
  onStale(consumerId: number): void;
}

export interface SettlerOptions {
  readonly database: Database;
  readonly wakeups: Pick<Wakeups, "announce">;
  readonly holders: Holders;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

interface Waiting {
  readonly items: readonly SettlementItem[];
  readonly ackTimeoutMs: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

interface Queue {
  readonly consumerId: number;
  waiting: Waiting[];
  queued: number;
  /** Passed-over offsets wait to be brought to the database. */
  hasProgress: boolean;
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
   * currentEpoch}]`), `not-delivered` (facts `undelivered: [{index, topic, partition, offset}]`), `queue-full` and
   * `database-unavailable`.
   */
  settle(consumerId: number, items: readonly SettlementItem[], ackTimeoutMs: number): Promise<void> {
    if (items.length === 0) return Promise.resolve();
    const queue = this.#queue(consumerId);
    if (queue.queued + items.length > MAX_QUEUED) {
      return Promise.reject(
        new DomainError("queue-full", "too many settlements are waiting for this consumer", { retryAfterSeconds: 1 }),
      );
    }
    return new Promise((resolve, reject) => {
      queue.waiting.push({ items, ackTimeoutMs, resolve, reject });
      queue.queued += items.length;
      this.#start(queue);
    });
  }

  /** Brings passed-over offsets of the partitions held here to the database with the next group. */
  progress(consumerId: number): Promise<void> {
    const queue = this.#queue(consumerId);
    queue.hasProgress = true;
    return this.#start(queue);
  }

  #queue(consumerId: number): Queue {
    let queue = this.#queues.get(consumerId);
    if (queue === undefined) {
      queue = { consumerId, waiting: [], queued: 0, hasProgress: false, running: null };
      this.#queues.set(consumerId, queue);
    }
    return queue;
  }

  #start(queue: Queue): Promise<void> {
    queue.running ??= this.#drain(queue).finally(() => {
      queue.running = null;
      if (queue.waiting.length > 0 || queue.hasProgress) this.#start(queue);
      else this.#queues.delete(queue.consumerId);
    });
    return queue.running;
  }

  async #drain(queue: Queue): Promise<void> {
    // One turn of the loop, so that everything that arrived together goes together.
    await new Promise((resolve) => setImmediate(resolve));
    while (queue.waiting.length > 0 || queue.hasProgress) {
      const group = takeGroup(queue);
      const withProgress = queue.hasProgress;
      queue.hasProgress = false;
      try {
        await this.#settleGroup(queue.consumerId, group, withProgress);
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

  async #settleGroup(consumerId: number, group: readonly Waiting[], withProgress: boolean): Promise<void> {
    const { holders } = this.#options;
    const findHolder = holders.findHolder(consumerId);
    let live = await this.#refuseUndelivered(findHolder, group);
    let hasProgress = withProgress;
    let deadlocks = 0;
    while (live.length > 0 || hasProgress) {
      const settlements = new SettlementGroup(findHolder);
      for (const waiting of live) for (const item of waiting.items) settlements.add(item);
      if (hasProgress) for (const held of holders.held(consumerId)) settlements.addProgress(held);
      if (settlements.expected.length === 0) return;
      let epochs: Map<number, number>;
      try {
        epochs = await this.#write(consumerId, settlements, live);
      } catch (error) {
        settlements.rollBack();
        // Two instances that write the same state keys can lock them crosswise; one of them is asked to repeat.
        if ((error as { code?: unknown }).code === DEADLOCK && ++deadlocks < MAX_DEADLOCKS) continue;
        throw error;
      }
      if (settlements.expected.every((it) => epochs.get(it.partition) === it.epoch)) {
        settlements.commit();
        this.#finish(consumerId, live, settlements.hasForeign);
        return;
      }
      settlements.rollBack();
      live = refuseStale(live, epochs);
      hasProgress = false;
      holders.onStale(consumerId);
    }
  }

  /** One statement when no state goes with it; otherwise a transaction that counts each settlement's state once. */
  #write(consumerId: number, settlements: SettlementGroup, live: readonly Waiting[]): Promise<Map<number, number>> {
    const { database } = this.#options;
    const merge = settlements.merge(consumerId);
    const withState = live.flatMap(({ items }) => items.filter(hasState));
    if (withState.length === 0) return mergeCursors(database.pool, merge);
    return transaction(database.pool, async (db) => {
      await lockLeases(db, { consumerId, partitions: merge.expected.map((it) => it.partition) });
      const partitions = [...new Set(withState.map((it) => it.partition))];
      const cursors = new Map(
        (await selectHeldCursors(db, { consumerId, partitions })).map((it) => [it.partition, it.cursors]),
      );
      const epochs = await mergeCursors(db, merge);
      if (!merge.expected.every((it) => epochs.get(it.partition) === it.epoch)) return epochs;
      // A repeat of a settlement that counted must not write its state again: a later one may have written since.
      const seen = new Set<string>();
      const fresh = withState.filter((item) => {
        const cursor = cursors.get(item.partition)?.get(item.topicId);
        const id = `${item.topicId} ${item.offset}`;
        if (cursor === undefined || seen.has(id)) return false;
        seen.add(id);
        return item.offset > cursor.position && !cursor.settled.has(item.offset);
      });
      await writeState(db, { consumerId, writes: foldState(fresh.map((it) => it.state)) });
      return epochs;
    });
  }

  #finish(consumerId: number, live: readonly Waiting[], hasForeign: boolean): void {
    const { holders, wakeups, now } = this.#options;
    const findHolder = holders.findHolder(consumerId);
    for (const { items, ackTimeoutMs } of live) {
      for (const { outcome, partition, epoch, topicId, offset } of items) {
        if (outcome !== "extend") continue;
        const holder = findHolder(partition);
        if (holder?.epoch === epoch) holder.trackers.get(topicId)?.extend(now() + ackTimeoutMs, offset);
        else wakeups.announce(extendedChannel(consumerId, partition));
      }
    }
    if (hasForeign) wakeups.announce(settledChannel(consumerId));
    holders.onSettled(consumerId);
    for (const waiting of live) waiting.resolve();
  }

  /**
   * Nobody can have handled what was not delivered. The holder knows exactly; for a partition that is held elsewhere
   * the topic's head is the bound.
   */
  async #refuseUndelivered(findHolder: FindHolder, group: readonly Waiting[]): Promise<Waiting[]> {
    const foreignTopics = new Set<number>();
    for (const { items } of group) {
      for (const item of items) if (findHolder(item.partition)?.epoch !== item.epoch) foreignTopics.add(item.topicId);
    }
    const heads =
      foreignTopics.size === 0
        ? new Map<number, number>()
        : await selectTopicHeads(this.#options.database.pool, [...foreignTopics]);
    return group.filter((waiting) => {
      const undelivered = waiting.items.flatMap((item, index) => {
        const holder = findHolder(item.partition);
        const isDelivered =
          holder?.epoch === item.epoch
            ? (holder.trackers.get(item.topicId)?.mayHaveDelivered(item.offset) ?? false)
            : item.offset <= (heads.get(item.topicId) ?? 0);
        return isDelivered ? [] : [{ index, topic: item.topic, partition: item.partition, offset: item.offset }];
      });
      if (undelivered.length === 0) return true;
      waiting.reject(
        new DomainError("not-delivered", "an event that was not delivered cannot be settled", {
          facts: { undelivered },
        }),
      );
      return false;
    });
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

function refuseStale(live: readonly Waiting[], epochs: ReadonlyMap<number, number>): Waiting[] {
  return live.filter((waiting) => {
    const stale = waiting.items.flatMap(({ topic, partition, epoch }, index) => {
      const currentEpoch = epochs.get(partition) ?? null;
      return currentEpoch === epoch ? [] : [{ index, topic, partition, epoch, currentEpoch }];
    });
    if (stale.length === 0) return true;
    waiting.reject(
      new DomainError("stale-epoch", "the lease has moved on; nothing of this request was counted", {
        facts: { stale },
      }),
    );
    return false;
  });
}

function hasState(item: SettlementItem): item is SettlementItem & { state: StateChangeText } {
  return item.state !== null;
}
