import { exactSum, isJsonNumber } from "./exact-sum.ts";

/** One settlement's change of the consumer's state, values as JSON text. */
export interface StateChangeText {
  readonly set: readonly (readonly [key: string, json: string])[];
  readonly delete: readonly string[];
  /** Versions that entries must have before anything of the change happens; 0 = the entry is absent. */
  readonly expect: readonly (readonly [key: string, version: number])[];
  /** Amounts to add to numbers, as JSON text; an absent entry counts as 0. */
  readonly increment: readonly (readonly [key: string, amount: string])[];
}

/** A change with the request that carries it: a request takes effect whole or not at all. */
export interface RequestedChange<Request> {
  readonly request: Request;
  /** The place of its settlement in the request. */
  readonly index: number;
  readonly change: StateChangeText;
}

/** An entry as it is stored. */
export interface StateStand {
  /** JSON text. */
  readonly value: string;
  readonly version: number;
}

/** Why a request cannot take effect. */
export interface StateConflict {
  readonly index: number;
  readonly entry: string;
  /** The version expected; null = a number was, to be incremented. */
  readonly expected: number | null;
  /** The version there is; 0 = the entry is absent. */
  readonly actual: number;
  readonly reason: "version" | "not-a-number" | "beyond-exact";
}

/** The sum of several changes in a row, for one key. */
export interface StateWrite {
  readonly key: string;
  /** JSON text; null = delete. */
  readonly value: string | null;
  /** How many times it was set since it was last deleted among these; the version rises by as many. */
  readonly writes: number;
  /** The entry was deleted among these before it was set, so its version starts again at 1. */
  readonly isAfresh: boolean;
}

export interface StateFold<Request> {
  /** Sorted by key; of the requests that are not in conflict. */
  readonly writes: readonly StateWrite[];
  readonly conflicts: ReadonlyMap<Request, readonly StateConflict[]>;
}

/** The entries that decide about changes: `foldState` has to know how they stand. Sorted. */
export function decidingEntries(changes: Iterable<{ readonly change: StateChangeText }>): string[] {
  const keys = new Set<string>();
  for (const { change } of changes) {
    for (const [key] of change.expect) keys.add(key);
    for (const [key] of change.increment) keys.add(key);
  }
  return [...keys].sort();
}

/**
 * Folds changes in their order: of each one its expectations first, then `delete`, `set` and `increment`. Changes of one
 * request stand together. A request in conflict leaves nothing behind, and all of its conflicts are named.
 */
export function foldState<Request>(
  changes: Iterable<RequestedChange<Request>>,
  stored: ReadonlyMap<string, StateStand>,
): StateFold<Request> {
  const writes = new Map<string, StateWrite>();
  const conflicts = new Map<Request, StateConflict[]>();
  let trial = new RequestTrial(writes, stored);
  let current: Request | undefined;
  const finish = () => {
    if (current !== undefined && trial.conflicts.length > 0) conflicts.set(current, trial.conflicts);
    else for (const write of trial.writes.values()) writes.set(write.key, write);
  };
  for (const { request, index, change } of changes) {
    if (request !== current) {
      finish();
      current = request;
      trial = new RequestTrial(writes, stored);
    }
    trial.apply(index, change);
  }
  finish();
  return { writes: [...writes.values()].sort((a, b) => (a.key < b.key ? -1 : 1)), conflicts };
}

/** The changes of one request, apart from those of its predecessors. */
class RequestTrial {
  readonly writes = new Map<string, StateWrite>();
  readonly conflicts: StateConflict[] = [];
  readonly #before: ReadonlyMap<string, StateWrite>;
  readonly #stored: ReadonlyMap<string, StateStand>;

  constructor(before: ReadonlyMap<string, StateWrite>, stored: ReadonlyMap<string, StateStand>) {
    this.#before = before;
    this.#stored = stored;
  }

  apply(index: number, change: StateChangeText): void {
    for (const [entry, expected] of change.expect) {
      const actual = this.#versionOf(entry);
      if (actual !== expected) this.conflicts.push({ index, entry, expected, actual, reason: "version" });
    }
    for (const key of change.delete) this.writes.set(key, { key, value: null, writes: 0, isAfresh: true });
    for (const [key, value] of change.set) this.#set(key, value);
    for (const [entry, amount] of change.increment) {
      const value = this.#valueOf(entry) ?? "0";
      const sum = exactSum(value, amount);
      if (sum !== null) this.#set(entry, sum);
      else {
        const reason = isJsonNumber(value) ? "beyond-exact" : "not-a-number";
        this.conflicts.push({ index, entry, expected: null, actual: this.#versionOf(entry), reason });
      }
    }
  }

  #set(key: string, value: string): void {
    const before = this.#writeOf(key);
    this.writes.set(key, {
      key,
      value,
      writes: (before?.writes ?? 0) + 1,
      isAfresh: before?.isAfresh ?? false,
    });
  }

  #writeOf(key: string): StateWrite | undefined {
    return this.writes.get(key) ?? this.#before.get(key);
  }

  #valueOf(key: string): string | null {
    const write = this.#writeOf(key);
    return write === undefined ? (this.#stored.get(key)?.value ?? null) : write.value;
  }

  #versionOf(key: string): number {
    const write = this.#writeOf(key);
    const stored = write?.isAfresh === true ? 0 : (this.#stored.get(key)?.version ?? 0);
    return stored + (write?.writes ?? 0);
  }
}
