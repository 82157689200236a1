/** Which events of a topic somebody wants. An event passes when it passes every part that is given. */
export interface EventFilter {
  readonly types?: readonly string[];
  readonly keys?: readonly string[];
  readonly keyPrefix?: string;
}

/** What a filter looks at. */
export interface Filterable {
  readonly type: string;
  readonly key: string | null;
}

export function passes(filter: EventFilter, event: Filterable): boolean {
  if (filter.types !== undefined && !filter.types.includes(event.type)) return false;
  if (filter.keys !== undefined && (event.key === null || !filter.keys.includes(event.key))) return false;
  if (filter.keyPrefix !== undefined && (event.key === null || !event.key.startsWith(filter.keyPrefix))) return false;
  return true;
}

/** The same for filters that are written alike. */
export const filterText = ({ types, keys, keyPrefix }: EventFilter): string =>
  JSON.stringify([types ?? null, keys ?? null, keyPrefix ?? null]);

export function isUnfiltered(filter: EventFilter): boolean {
  return filter.types === undefined && filter.keys === undefined && filter.keyPrefix === undefined;
}
