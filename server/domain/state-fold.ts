/** One settlement's change of the consumer's state, values as JSON text. */
export interface StateChangeText {
  readonly set: readonly (readonly [key: string, json: string])[];
  readonly delete: readonly string[];
}

/** What several changes in a row come down to for one key. */
export interface StateWrite {
  readonly key: string;
  /** JSON text; null = delete. */
  readonly value: string | null;
  /** How many times it was set since it was last deleted among these; the version rises by as many. */
  readonly writes: number;
  /** It was deleted among these before it was set, so its version starts again at 1. */
  readonly isAfresh: boolean;
}

/** Folds changes in their order, a change's `delete` before its `set`; sorted by key. */
export function foldState(changes: Iterable<StateChangeText>): StateWrite[] {
  const writes = new Map<string, StateWrite>();
  for (const change of changes) {
    for (const key of change.delete) writes.set(key, { key, value: null, writes: 0, isAfresh: true });
    for (const [key, value] of change.set) {
      const before = writes.get(key);
      writes.set(key, { key, value, writes: (before?.writes ?? 0) + 1, isAfresh: before?.isAfresh ?? false });
    }
  }
  return [...writes.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
}
