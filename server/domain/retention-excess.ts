export interface RetentionBounds {
  readonly maxAgeMs?: number | undefined;
  readonly maxEvents?: number | undefined;
  readonly maxBytes?: number | undefined;
  readonly force?: boolean | undefined;
}

/** What a topic keeps. */
export interface Kept {
  readonly events: number;
  readonly bytes: number;
  /** Age of the oldest of them. */
  readonly oldestMs: number;
}

/** How far what is kept is past each bound; null = within it, or there is none. */
export interface RetentionExcess {
  readonly events: number | null;
  readonly bytes: number | null;
  readonly ms: number | null;
}

/** Null where a bound is passed by nothing, or nobody is waited for. */
export function retentionExcess(bounds: RetentionBounds | null, kept: Kept): RetentionExcess | null {
  if (bounds === null || bounds.force === true || kept.events <= 0) return null;
  const events = excess(kept.events, bounds.maxEvents);
  const bytes = excess(kept.bytes, bounds.maxBytes);
  const ms = excess(kept.oldestMs, bounds.maxAgeMs);
  return events === null && bytes === null && ms === null ? null : { events, bytes, ms };
}

function excess(kept: number, bound: number | undefined): number | null {
  return bound !== undefined && kept > bound ? kept - bound : null;
}
