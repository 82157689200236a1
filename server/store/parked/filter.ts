import type { ParkedState } from "../../contract/parked.ts";

/** A selection of a consumer's parked events, with the topic resolved; null = any. */
export interface StoredParkedFilter {
  readonly state: ParkedState | null;
  readonly topicId: number | null;
  readonly key: string | null;
  readonly fingerprint: string | null;
  readonly type: string | null;
  readonly offset: number | null;
}

/** The condition over `alias`, with `parkedFilterValues` as parameters from `first` on; the state is left to the caller. */
export function parkedFilterSql(alias: string, first: number): string {
  return `($${first}::int IS NULL OR ${alias}.topic_id = $${first}) AND ($${first + 1}::text IS NULL OR ${alias}.key = $${first + 1})
    AND ($${first + 2}::text IS NULL OR ${alias}.fingerprint = $${first + 2})
    AND ($${first + 3}::text IS NULL OR ${alias}.type = $${first + 3})
    AND ($${first + 4}::bigint IS NULL OR ${alias}."offset" = $${first + 4})`;
}

export function parkedFilterValues(filter: StoredParkedFilter): unknown[] {
  return [filter.topicId, filter.key, filter.fingerprint, filter.type, filter.offset];
}
