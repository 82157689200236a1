import { setTimeout as delay } from "node:timers/promises";
import type { Database } from "../../store/database.ts";
import { type LeaseHolder, selectLeaseHolders } from "../../store/members/lease-holders-select.ts";
import { refusalOf } from "./answer.ts";
import { type FindHolder, isHeldHere, type SettlementItem } from "./group.ts";
import { holderUnavailable, type SettlementOutbox } from "./outbox.ts";
import type { Settled } from "./queue.ts";
import { staleEpoch } from "./refusals.ts";
import type { Settler } from "./settler.ts";

export interface SettlementRouterOptions {
  readonly database: Database;
  readonly instance: string;
  readonly findHolder: (consumerId: number) => FindHolder;
  readonly settler: Pick<Settler, "settle">;
  readonly outbox: Pick<SettlementOutbox, "ask">;
  /** An instance is dead: takes its sessions of a consumer over, so that they are held here. */
  readonly adopt: (consumerId: number, dead: string) => Promise<void>;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

/** Settlements of one request that one instance holds. */
interface Part {
  readonly consumerId: number;
  readonly items: readonly SettlementItem[];
  /** Where they stand in the request. */
  readonly indexes: readonly number[];
  /** For so long a partition may be on its way from one instance to another. */
  readonly endsAt: number;
  /** Nobody says of this instance that it is alive. */
  readonly gone?: string;
}

const MOVING_MS = 5_000;
const LOOK_AGAIN_MS = 50;

/**
 * Brings settlements to the instance that holds their partitions: it alone settles them. A request whose settlements are
 * held by one instance, as those of one member are, takes effect whole or not at all; of any other each instance's part
 * does.
 */
export class SettlementRouter {
  readonly #options: SettlementRouterOptions;
  /** Reads that have not begun: whoever asks in the same turn of the loop shares one. */
  readonly #reading = new Map<number, Promise<Map<number, LeaseHolder>>>();

  constructor(options: SettlementRouterOptions) {
    this.#options = options;
  }

  /**
   * Resolves once committed. Refuses with `stale-epoch` (facts `stale: [{index, topic, partition, epoch,
   * currentEpoch}]`), `holder-unavailable`, and as `Settler.settle` does.
   */
  async settle(consumerId: number, items: readonly SettlementItem[]): Promise<Settled> {
    const { settler, findHolder, now } = this.#options;
    const find = findHolder(consumerId);
    if (items.every((it) => isHeldHere(find, it))) {
      const settled = await settler.settle(consumerId, items);
      if (settled.kind === "settled") return settled;
    }
    const superseded = await this.#route({
      consumerId,
      items,
      indexes: [...items.keys()],
      endsAt: now() + MOVING_MS,
    });
    return { superseded: superseded.sort((a, b) => a - b) };
  }

  /** The indexes of those that do not count. */
  async #route(whole: Part): Promise<number[]> {
    const holders = await this.#read(whole.consumerId);
    refuseStale(whole, holders);
    const parts = partsOf(whole, holders);
    const superseded = await Promise.allSettled([...parts].map(([holder, part]) => this.#settleAt(holder, part)));
    return superseded.flatMap((it) => {
      if (it.status === "rejected") throw it.reason;
      return it.value;
    });
  }

  async #settleAt(holder: string, part: Part): Promise<number[]> {
    const { instance, settler, outbox, now } = this.#options;
    const { consumerId, items, indexes, endsAt } = part;
    const isHere = holder === instance;
    if (!isHere && holder === part.gone) throw holderUnavailable();
    const settled = isHere ? await settler.settle(consumerId, items) : await outbox.ask(consumerId, holder, items);
    switch (settled.kind) {
      case "settled":
        return settled.superseded.map((i) => indexes[i] ?? i);
      case "refused":
        throw refusalOf(settled, indexes);
      case "gone":
        await this.#options.adopt(consumerId, holder);
        return this.#route({ ...part, gone: holder });
      case "moved":
        if (now() >= endsAt) throw holderUnavailable();
        await delay(LOOK_AGAIN_MS);
        return this.#route(part);
    }
  }

  #read(consumerId: number): Promise<Map<number, LeaseHolder>> {
    const known = this.#reading.get(consumerId);
    if (known !== undefined) return known;
    const reading = new Promise<void>((resolve) => setImmediate(resolve)).then(() => {
      this.#reading.delete(consumerId);
      return selectLeaseHolders(this.#options.database.pool, consumerId);
    });
    this.#reading.set(consumerId, reading);
    return reading;
  }
}

/** A lease that nobody has, or that only the dead could settle under, is over like one that has moved on. */
function refuseStale({ items, indexes, gone }: Part, holders: ReadonlyMap<number, LeaseHolder>): void {
  const stale = items.flatMap(({ topic, partition, epoch }, i) => {
    const lease = holders.get(partition);
    const isOver = lease === undefined || lease.holder === null || (lease.isExpired && lease.holder === gone);
    if (lease?.epoch === epoch && !isOver) return [];
    return [{ index: indexes[i] ?? i, topic, partition, epoch, currentEpoch: lease?.epoch ?? null }];
  });
  if (stale.length > 0) throw staleEpoch(stale);
}

function partsOf(whole: Part, holders: ReadonlyMap<number, LeaseHolder>): Map<string, Part> {
  const parts = new Map<string, { items: SettlementItem[]; indexes: number[] }>();
  whole.items.forEach((item, i) => {
    const holder = holders.get(item.partition)?.holder ?? "";
    const part = parts.get(holder) ?? { items: [], indexes: [] };
    parts.set(holder, part);
    part.items.push(item);
    part.indexes.push(whole.indexes[i] ?? i);
  });
  return new Map([...parts].map(([holder, part]) => [holder, { ...whole, ...part }]));
}
