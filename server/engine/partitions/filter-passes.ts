import { setTimeout as delay } from "node:timers/promises";
import { passFiltered } from "../../domain/pass-filtered.ts";
import { selectHeldCursors } from "../../store/consumers/cursor-held-select.ts";
import { type FilteredPlace, selectFilteredPlaces } from "../../store/consumers/filtered-places-select.ts";
import { passFreeCursors } from "../../store/consumers/free-cursors-pass.ts";
import { selectPassingEvents } from "../../store/consumers/passing-events-select.ts";
import { selectConsumerSetup } from "../../store/consumers/setup-select.ts";
import type { Database, Queryable } from "../../store/database.ts";
import { selectFirstParked } from "../../store/parked/first-select.ts";
import { readTopicHeads } from "../../store/topics/heads.ts";

export interface FilterPasses {
  close(): Promise<void>;
}

const EVERY_MS = 2_000;
// What one step looks at: some 20 ms of scanning in the database.
const MAX_SCAN = 50_000;
/** Of these each has its partition computed. */
const MAX_EVENTS = 2_000;
/** Steps in one topic of one consumer before the others have their turn. */
const MAX_STEPS = 100;
/** A step, and twice as long nothing: a third of one connection at most. */
const PAUSE_SHARE = 2;

/**
 * Moves positions past what filters leave out while no member is there to do it. Any number of instances may run it: a
 * step is one statement, and of two that do the same one changes nothing. What only a member brings further is remembered,
 * so that a round with nothing to do is one listing.
 */
export function createFilterPasses(
  database: Pick<Database, "pool">,
  { onError, everyMs = EVERY_MS }: { readonly onError: (error: Error) => void; readonly everyMs?: number },
): FilterPasses {
  const stop = new AbortController();
  const { signal } = stop;
  const pause = (ms: number) => delay(ms, undefined, { signal, ref: false }).catch(() => undefined);
  const rounds = new FilterRounds(database.pool, { pause, isStopped: () => signal.aborted });
  const running = run();

  async function run(): Promise<void> {
    while (!signal.aborted) {
      await rounds.run().catch((error: Error) => {
        if (!signal.aborted) onError(error);
      });
      await pause(everyMs);
    }
  }

  return {
    async close() {
      stop.abort();
      await running;
    },
  };
}

export interface FilterRoundsOptions {
  readonly pause?: (ms: number) => Promise<unknown>;
  readonly isStopped?: () => boolean;
  readonly maxScan?: number;
  /** Between looking and moving; for tests. */
  readonly onLooked?: (place: FilteredPlace) => Promise<void>;
}

/** What a step finds of a place that only members bring further. */
interface BlockedPlace {
  readonly stand: string;
  /** Positions by partition. */
  readonly blocked: ReadonlyMap<number, number>;
  /** There is nothing to do before the topic's head is beyond this. */
  readonly doneAt: number;
}

/** The rounds of one instance. */
export class FilterRounds {
  readonly #db: Queryable;
  readonly #options: FilterRoundsOptions;
  #standings = new Map<string, BlockedPlace>();

  constructor(db: Queryable, options: FilterRoundsOptions = {}) {
    this.#db = db;
    this.#options = options;
  }

  /** One look at all consumers. Returns how many steps moved something. */
  async run(): Promise<number> {
    const places = await selectFilteredPlaces(this.#db);
    const names = new Set(places.map(nameOf));
    this.#standings = new Map([...this.#standings].filter(([name]) => names.has(name)));
    if (places.length === 0) return 0;
    const heads = await readTopicHeads(this.#db, [...new Set(places.map((it) => it.topicId))]);
    const headOf = new Map(heads.map((it) => [it.topicId, it.head]));
    let moved = 0;
    for (const place of places) {
      const head = headOf.get(place.topicId) ?? 0;
      if (place.position >= head || this.#isDone(place, head)) continue;
      for (let steps = 0; steps < MAX_STEPS && !this.#isStopped; steps++) {
        const startedAt = performance.now();
        const step = await this.#step(place, head);
        if (step.moved) moved += 1;
        if (!step.isMore) break;
        await this.#options.pause?.((performance.now() - startedAt) * PAUSE_SHARE);
      }
      if (this.#isStopped) break;
    }
    return moved;
  }

  get #isStopped(): boolean {
    return this.#options.isStopped?.() ?? false;
  }

  #isDone(place: FilteredPlace, head: number): boolean {
    const known = this.#standings.get(nameOf(place));
    return known !== undefined && known.stand === place.stand && head <= known.doneAt;
  }

  async #step(place: FilteredPlace, head: number): Promise<{ readonly moved: boolean; readonly isMore: boolean }> {
    const { consumerId, topicId } = place;
    const setup = await selectConsumerSetup(this.#db, { consumerId });
    const topic = setup?.topics.find((it) => it.topicId === topicId);
    if (setup === null || topic === undefined) return NOTHING;
    const rows = await selectHeldCursors(this.#db, { consumerId, partitions: place.partitions });
    const closed =
      setup.ordering === "topic"
        ? await selectFirstParked(this.#db, { consumerId, topicId, layoutPartitions: setup.partitions })
        : new Map<number, number>();
    const known = this.#standings.get(nameOf(place));
    const blocked = new Map(known?.stand === place.stand ? known.blocked : []);
    const all = rows.flatMap(({ partition, epoch, parkedVersion, updatedAt, cursors }) => {
      const cursor = cursors.get(topicId);
      if (cursor === undefined || updatedAt !== setup.updatedAt) return [];
      const { position, settled } = cursor;
      return [{ partition, epoch, parkedVersion, position, settled, closedAt: closed.get(partition) ?? null }];
    });
    const free = all.filter((it) => it.position < head && blocked.get(it.partition) !== it.position);
    if (free.length === 0) {
      const isBlocked = all.length > 0 && all.every((it) => blocked.has(it.partition));
      this.#remember(place, { blocked, doneAt: isBlocked ? Number.POSITIVE_INFINITY : head });
      return NOTHING;
    }
    const after = Math.min(...free.map((it) => it.position));
    const until = Math.min(head, after + (this.#options.maxScan ?? MAX_SCAN));
    const range = { topicId, after, through: until, filter: topic.filter, maxEvents: MAX_EVENTS };
    const events = await selectPassingEvents(this.#db, range);
    const through = events.length < MAX_EVENTS ? until : (events.at(-1)?.offset ?? until);
    await this.#options.onLooked?.(place);

    const prior = setup.priorLayouts.filter((it) => it.topicId === topicId);
    const lookedAt = { after, through, events };
    const byPartition = new Map(free.map((it) => [it.partition, it]));
    const decided = passFiltered(free, { partitions: setup.partitions, prior, lookedAt });
    const passed = decided.flatMap((it) => {
      const at = byPartition.get(it.partition);
      if (it.isBlocked) blocked.set(it.partition, it.through);
      return at === undefined || it.through <= at.position ? [] : [{ ...at, from: at.position + 1, ...it }];
    });
    const { updatedAt } = setup;
    const count = passed.length === 0 ? 0 : await passFreeCursors(this.#db, { consumerId, topicId, updatedAt, passed });
    // Somebody came first: the next round sees what they made of it.
    if (count < passed.length) return { moved: count > 0, isMore: false };
    this.#remember(place, { blocked, doneAt: 0 });
    return { moved: count > 0, isMore: true };
  }

  #remember(place: FilteredPlace, found: Omit<BlockedPlace, "stand">): void {
    this.#standings.set(nameOf(place), { stand: place.stand, ...found });
  }
}

const NOTHING = { moved: false, isMore: false };

function nameOf({ consumerId, topicId }: FilteredPlace): string {
  return `${consumerId} ${topicId}`;
}
