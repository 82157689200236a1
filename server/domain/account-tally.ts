import type { PastClass } from "./account-class.ts";
import { lowerBound, type OffsetRange } from "./offset-ranges.ts";
import type { PastChange } from "./position-history.ts";
import { RangeTally } from "./range-tally.ts";

const MAX_RANGES = 100;

/** The classes of an account that are counted with their offsets, but for what position changes skipped or cleared. */
export type AccountClass =
  | "filtered"
  | "inFlight"
  | "retrying"
  | "dead"
  | "blocked"
  | "discarded"
  | "beforeStart"
  | "pending"
  | "expired";

interface Counted {
  count: number;
  ranges: [number, number][];
}

const counted = ({ count, ranges }: RangeTally): Counted => ({ count, ranges: ranges.map(([from, to]) => [from, to]) });

/** Counts offsets by class. What is added to one class must rise. */
export class AccountTally {
  readonly #classes: Readonly<Record<AccountClass, RangeTally>> = {
    filtered: new RangeTally(MAX_RANGES),
    inFlight: new RangeTally(MAX_RANGES),
    retrying: new RangeTally(MAX_RANGES),
    dead: new RangeTally(MAX_RANGES),
    blocked: new RangeTally(MAX_RANGES),
    discarded: new RangeTally(MAX_RANGES),
    beforeStart: new RangeTally(MAX_RANGES),
    pending: new RangeTally(MAX_RANGES),
    expired: new RangeTally(MAX_RANGES),
  };
  // Nobody asks where the settled ones are: they are all others.
  readonly #settled = new RangeTally(0);
  readonly #skipped = new Map<PastChange, RangeTally>();

  of(name: AccountClass): RangeTally {
    return this.#classes[name];
  }

  /** The class that offsets belong to by nothing but what the consumer has done so far. */
  past(became: PastClass): RangeTally {
    if (became === "settled") return this.#settled;
    if (became === "open") return this.of("pending");
    if (became === "before-start") return this.of("beforeStart");
    if (became === "filtered") return this.of("filtered");
    const known = this.#skipped.get(became);
    if (known !== undefined) return known;
    const fresh = new RangeTally(MAX_RANGES);
    this.#skipped.set(became, fresh);
    return fresh;
  }

  result() {
    const classes = Object.fromEntries(
      Object.entries(this.#classes).map(([name, it]) => [name, counted(it)]),
    ) as Record<AccountClass, Counted>;
    const skipped = [...this.#skipped]
      .filter(([, it]) => it.count > 0)
      .map(([{ id, actor }, it]) => ({ change: id, actor, ...counted(it) }));
    const total = [...Object.values(classes), ...skipped].reduce((sum, it) => sum + it.count, this.#settled.count);
    return { settled: { count: this.#settled.count }, ...classes, skipped, total };
  }
}

/** The offsets of an ascending list that lie in a range. */
export function within(ascending: readonly number[], [from, to]: OffsetRange): number[] {
  return ascending.slice(lowerBound(ascending, from), lowerBound(ascending, to + 1));
}
