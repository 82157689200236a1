/** What must hold whatever fails (shared with the tables of docs/faults.md). */
export const INVARIANTS = {
  I1: "what was acknowledged is in the log once, at the offset that was told, with its content",
  I2: "the offsets of a topic have no gap and no duplicate",
  I3: "what was refused is absent, what is unknown is there once or not at all",
  I4: "two reads of an offset, ever, give the same event",
  I5: "events of one producer and key stand in the order of sending",
  I6: "a position never goes back by itself, and all up to it was handled or is parked",
  I7: "state is the fold of what was handled, and its version counts it",
  I8: "of a partition one epoch at a time can settle, of one member",
  I9: "of a key nothing is handled before an earlier event of it, or behind a dead one",
  I10: "a follower sees every offset, in order, across reconnects",
} as const;

export type InvariantName = keyof typeof INVARIANTS;

/** One invariant after a run. `checked` 0: nothing in the run was about it. */
export interface Finding {
  readonly invariant: InvariantName;
  readonly checked: number;
  /** The first ones, in words. */
  readonly violations: readonly string[];
  readonly violated: number;
}

const MAX_TOLD = 5;

/** Counts what was looked at, and keeps the first of what was found. */
export class Examination {
  readonly #invariant: InvariantName;
  readonly #violations: string[] = [];
  #checked = 0;
  #violated = 0;

  constructor(invariant: InvariantName) {
    this.#invariant = invariant;
  }

  holds(isTrue: boolean, violation: () => string): void {
    this.#checked += 1;
    if (isTrue) return;
    this.#violated += 1;
    if (this.#violations.length < MAX_TOLD) this.#violations.push(violation());
  }

  get finding(): Finding {
    return {
      invariant: this.#invariant,
      checked: this.#checked,
      violated: this.#violated,
      violations: this.#violations,
    };
  }
}
