import { isDeepStrictEqual } from "node:util";
import { indexByName, keepUnchanged } from "../../domain/list-changes.ts";

/** A value as of a time, with a version that rises whenever it changed. */
export interface Snapshot<T> {
  readonly version: number;
  readonly at: string;
  readonly value: T;
}

export interface Latest<T> {
  /** The newest snapshot; null until the first read came back. */
  readonly snapshot: Snapshot<T> | null;
  /** The last read failed: what is shown grows stale. */
  readonly isFailing: boolean;
  /** Calls back after every read, changed or not. The value is read for as long as somebody listens. */
  listen(listener: () => void): () => void;
}

export interface LatestOptions<T> {
  /** Given the value before, so that what has not changed may stay the same object. */
  readonly read: (before: T | null) => Promise<T>;
  readonly everyMs: number;
  readonly onError: (error: unknown) => void;
}

/** Reads a value again and again while anybody listens, once for all of them. */
export function createLatest<T>({ read, everyMs, onError }: LatestOptions<T>): Latest<T> {
  const listeners = new Set<() => void>();
  let snapshot: Snapshot<T> | null = null;
  let isFailing = false;
  let timer: NodeJS.Timeout | null = null;
  let isReading = false;

  async function readOnce(): Promise<void> {
    isReading = true;
    try {
      const value = await read(snapshot?.value ?? null);
      isFailing = false;
      if (listeners.size === 0) return;
      if (snapshot === null || !isDeepStrictEqual(snapshot.value, value)) {
        snapshot = { version: (snapshot?.version ?? 0) + 1, at: new Date().toISOString(), value };
      }
    } catch (error) {
      isFailing = true;
      onError(error);
    } finally {
      isReading = false;
    }
    for (const listener of listeners) listener();
    // From the end of one read to the start of the next, so that a slow database is not asked faster than it answers.
    if (listeners.size > 0) timer = setTimeout(start, everyMs);
  }

  function start(): void {
    timer = null;
    if (!isReading && listeners.size > 0) void readOnce();
  }

  return {
    get snapshot() {
      return snapshot;
    },
    get isFailing() {
      return isFailing;
    },
    listen(listener) {
      const entry = () => listener();
      listeners.add(entry);
      if (timer === null) start();
      return () => {
        listeners.delete(entry);
        if (listeners.size > 0) return;
        // Whoever comes next must not be shown what was true long ago.
        snapshot = null;
        if (timer !== null) clearTimeout(timer);
        timer = null;
      };
    },
  };
}

/** A list by name; rows that are as they were are the objects that they were. */
export function createLatestList<Row>(
  options: Omit<LatestOptions<readonly Row[]>, "read"> & {
    readonly read: () => Promise<readonly Row[]>;
    readonly nameOf: (row: Row) => string;
  },
): Latest<ReadonlyMap<string, Row>> {
  const { read, nameOf, ...rest } = options;
  return createLatest<ReadonlyMap<string, Row>>({
    ...rest,
    read: async (before) =>
      indexByName(keepUnchanged(before ?? new Map(), await read(), { nameOf, isEqual: isDeepStrictEqual }), nameOf),
  });
}
