import { BreakerWindow } from "../../domain/breaker.ts";
import type { ConsumerSetup } from "../../store/consumers/setup-select.ts";
import type { SettlementItem } from "./group.ts";

// A group longer than this would keep its callers waiting for no gain: the statement's cost per settlement is flat.
const MAX_GROUP = 10_000;

/** The outcome of one request. */
export interface Settled {
  /** Indexes of settlements that do not count, because their deliveries were taken back. */
  readonly superseded: readonly number[];
}

export type HolderResult =
  | ({ readonly kind: "settled" } & Settled)
  /** Some of it is not held here, or no more. Nothing of it was counted. */
  | { readonly kind: "moved" };

/** One request whose caller waits. */
export interface Waiting {
  readonly items: readonly SettlementItem[];
  readonly resolve: (settling: HolderResult) => void;
  readonly reject: (error: unknown) => void;
}

/** The settlements of one consumer that wait here. */
export interface SettlementQueue {
  /** As of the last request. */
  setup: ConsumerSetup;
  waiting: Waiting[];
  queued: number;
  /** Passed-over offsets wait to be brought to the database. */
  hasProgress: boolean;
  /** Parked events of partitions held here have changed elsewhere. */
  hasReload: boolean;
  /** The last group may have counted or not: the database is asked before the next. */
  isUnsure: boolean;
  readonly breaker: BreakerWindow;
  running: Promise<void> | null;
}

export function newQueue(setup: ConsumerSetup): SettlementQueue {
  return {
    setup,
    waiting: [],
    queued: 0,
    hasProgress: false,
    hasReload: false,
    isUnsure: false,
    breaker: new BreakerWindow(),
    running: null,
  };
}

/** Takes the requests that go to the database together. */
export function takeGroup(queue: SettlementQueue): Waiting[] {
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

export function isWanted(queue: SettlementQueue): boolean {
  return queue.waiting.length > 0 || queue.hasProgress || queue.hasReload;
}
