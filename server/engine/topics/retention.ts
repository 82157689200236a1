import { setTimeout as delay } from "node:timers/promises";
import { covers } from "../../domain/coverage.ts";
import { type OffsetRange, OffsetRanges } from "../../domain/offset-ranges.ts";
import { sequenceHash } from "../../domain/partition-of.ts";
import { type Database, patientTransaction, type Queryable } from "../../store/database.ts";
import { selectAccountFacts } from "../../store/insight/account-facts-select.ts";
import { lockLeases } from "../../store/members/lease-lock.ts";
import { selectKeysInRange } from "../../store/positions/keys-select.ts";
import { forgetPurgedKeys } from "../../store/topics/purged-keys.ts";
import {
  claimRetention,
  deleteEvents,
  deleteLeftBehind,
  hasLeftBehind,
  insertExpired,
  lockTopicConsumers,
  type RetentionReach,
  selectParkedInRange,
  selectRetainedTopics,
  selectRetentionReach,
} from "../../store/topics/retention-step.ts";

export interface RetentionLoop {
  close(): Promise<void>;
}

const EVERY_MS = 10_000;
// A step holds the leases of the topic's consumers, so settlements wait for it: 1,000 deletes take about 20 ms.
const MAX_ROWS = 1_000;
const BETWEEN_STEPS_MS = 50;
/** Steps in one topic before the others have their turn. */
const MAX_STEPS = 200;

/**
 * Lets go of events that the topics' bounds ask to go. Any number of instances may run it: a topic is in the hands of
 * one at a time. A step is one transaction, so a crash between two of them leaves nothing undone.
 */
export function createRetention(
  database: Pick<Database, "pool">,
  { onError, everyMs = EVERY_MS }: { readonly onError: (error: Error) => void; readonly everyMs?: number },
): RetentionLoop {
  const stop = new AbortController();
  const { signal } = stop;
  const pause = (ms: number) => delay(ms, undefined, { signal, ref: false }).catch(() => undefined);
  const running = run();

  async function run(): Promise<void> {
    while (!signal.aborted) {
      await guarded(async () => {
        for (const topicId of await selectRetainedTopics(database.pool)) await guarded(() => retain(topicId));
      });
      await pause(everyMs);
    }
  }

  async function retain(topicId: number): Promise<void> {
    let isDone = false;
    for (let steps = 0; steps < MAX_STEPS && !signal.aborted; steps++) {
      if ((await retentionStep(database.pool, topicId)) === 0) break;
      await pause(BETWEEN_STEPS_MS);
      isDone = true;
    }
    // Once for all steps: it looks through the index of all that is remembered.
    if (isDone) await forgetPurgedKeys(database.pool, topicId);
  }

  async function guarded(work: () => Promise<void>): Promise<void> {
    if (signal.aborted) return;
    await work().catch((error: Error) => {
      if (!signal.aborted) onError(error);
    });
  }

  return {
    async close() {
      stop.abort();
      await running;
    },
  };
}

/**
 * Deletes some of the events that a bound asks to go, and of those left behind below the tail that nobody has parked any
 * more. Returns how many; 0 = there is nothing to do, or another instance does it.
 *
 * The consumers' rows and leases are locked meanwhile: no position moves back, nothing is settled, parked or replayed
 * between looking and deleting.
 */
export async function retentionStep(pool: Database["pool"], topicId: number): Promise<number> {
  return patientTransaction(pool, async (db) => {
    const claimed = await claimRetention(db, topicId);
    if (claimed === null) return 0;
    const retention = claimed.retention ?? {};
    const isWanted = async () => {
      const reach = await selectRetentionReach(db, { topicId, retention, maxRows: MAX_ROWS });
      return { reach, through: lastToGo(reach, retention.force === true) };
    };
    const isLeftBehind = await hasLeftBehind(db, topicId);
    const before = await isWanted();
    if (!isLeftBehind && before.through < before.reach.tail) return 0;

    const consumers = await lockTopicConsumers(db, topicId);
    for (const { consumerId } of consumers) await lockLeases(db, { consumerId, partitions: "all" });
    const { reach, through } = await isWanted();
    const deleted = isLeftBehind ? await deleteLeftBehind(db, { topicId, maxRows: MAX_ROWS }) : 0;
    if (through < reach.tail) return deleted;
    const range = [reach.tail, through] as const;
    const consumerIds = consumers.map((it) => it.consumerId);
    const parked = await selectParkedInRange(db, { topicId, consumerIds, range });
    if (reach.slowestOfAll !== null && reach.slowestOfAll < through) {
      for (const consumer of consumers) await noteExpired(db, { topicId, ...consumer, range, parked });
    }
    const except = [...new Set(parked.map((it) => it.offset))];
    // The tail moves past parked events too, so a range of nothing else is progress as well.
    return deleted + Math.max(1, await deleteEvents(db, { topicId, range, except }));
  });
}

/** The last offset that may go now; below the tail = none. */
function lastToGo({ tail, through, slowest }: RetentionReach, isForced: boolean): number {
  const last = isForced || slowest === null ? through : Math.min(through, slowest);
  return last < tail ? tail - 1 : last;
}

/** What the consumer had neither settled nor parked of a range that goes. */
async function noteExpired(
  db: Queryable,
  of: {
    readonly topicId: number;
    readonly consumerId: number;
    readonly partitions: number;
    readonly range: readonly [number, number];
    readonly parked: readonly { readonly consumerId: number; readonly offset: number }[];
  },
): Promise<void> {
  const { topicId, consumerId, partitions, range } = of;
  const [facts] = await selectAccountFacts(db, { consumerId, partitions, topicIds: [topicId] });
  if (facts === undefined) return;
  const own = new Set(of.parked.filter((it) => it.consumerId === consumerId).map((it) => it.offset));
  const events = await selectKeysInRange(db, { topicId, after: range[0] - 1, through: range[1], filter: {} });
  const open = events.filter((event) => {
    const hashed = { offset: event.offset, hash: sequenceHash(event) };
    return !own.has(event.offset) && !facts.history.now.some((it) => covers(it, hashed));
  });
  const offsets = new OffsetRanges(open.map((it): OffsetRange => [it.offset, it.offset]));
  await insertExpired(db, { consumerId, topicId, offsets });
}
