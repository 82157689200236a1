/** What an alert is about. */
export type AlertSubjectKind = "consumer" | "topic";

/** What is measured, by its subject. Of a consumer of several topics: the worst of them, or all of them together. */
export const ALERT_MEASURES = {
  /** Age of the oldest event past the position; 0 while the consumer is paused or its breaker is open. */
  "lag-seconds": "consumer",
  /** Events that wait while no member has a session; 0 while the consumer is paused. */
  "unattended-events": "consumer",
  /** 1 while the breaker is open. */
  "breaker-open": "consumer",
  /** 1 while a consumer that is ordered by topic stands still at an event. */
  halted: "consumer",
  /** Deliveries that failed within the last minute. */
  "failures-per-minute": "consumer",
  "dead-letters": "consumer",
  /** 1 while the oldest event is due to go, and stays for a consumer that has not settled it. */
  "retention-held-up": "topic",
  /** Bytes of the events that are kept. */
  "topic-bytes": "topic",
} as const satisfies Record<string, AlertSubjectKind>;

export type AlertMeasure = keyof typeof ALERT_MEASURES;

/** An alert begins when the measure of a subject was above the bound for as long as the rule says. */
export interface AlertCondition {
  readonly measure: AlertMeasure;
  readonly above: number;
  readonly forSeconds: number;
  /** A name, a name's beginning followed by `*`, or `*` for all. */
  readonly pattern: string;
}

export interface Measured {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly value: number;
}

export interface AlertSpan {
  /** From when on the measure was above. */
  readonly since: number;
  /** When the alert began: as much later as the rule waits. */
  readonly openedAt: number;
  /** When it began. */
  readonly value: number;
  readonly worst: number;
  /** Null: it goes on. */
  readonly overAt: number | null;
}

/** An alert that stands. */
export type OpenSpan = Omit<AlertSpan, "overAt">;

/** Samples that are further apart do not say what was between. */
const MAX_GAP_MS = 35_000;
/** How long a measure has to be well under the bound before an alert is over. */
const CLEAR_MS = 60_000;
/** Well under: a measure that swings about its bound makes one alert and not twenty. */
const CLEAR_SHARE = 0.8;

/**
 * The alerts that samples of one subject make, oldest first: of the last minutes, to be told, as of a day, to be tried.
 * `open`: the alert that stood before the first sample.
 */
export function alertSpans(
  { above, forSeconds }: Pick<AlertCondition, "above" | "forSeconds">,
  samples: readonly Measured[],
  open: OpenSpan | null = null,
): AlertSpan[] {
  const spans: AlertSpan[] = [];
  let current = open;
  let rise: { since: number; worst: number } | null = null;
  let clearSince: number | null = null;
  let lastAt = Number.NEGATIVE_INFINITY;
  for (const { at, value } of samples) {
    if (open !== null && at <= open.openedAt) continue;
    const isGap = at - lastAt > MAX_GAP_MS;
    lastAt = at;
    if (current === null) {
      if (value <= above) rise = null;
      else if (rise === null || isGap) rise = { since: at, worst: value };
      else rise.worst = Math.max(rise.worst, value);
      if (rise === null || at - rise.since < forSeconds * 1_000) continue;
      current = { ...rise, openedAt: at, value };
      rise = null;
      clearSince = null;
      continue;
    }
    current = { ...current, worst: Math.max(current.worst, value) };
    if (!isClear(above, value)) clearSince = null;
    else if (clearSince === null || isGap) clearSince = at;
    if (clearSince === null || at - clearSince < CLEAR_MS) continue;
    spans.push({ ...current, overAt: at });
    current = null;
  }
  if (current !== null) spans.push({ ...current, overAt: null });
  return spans;
}

/** Whether a measure is well under its bound. */
export function isClear(above: number, value: number): boolean {
  return value <= above * CLEAR_SHARE;
}

/** What the newest sample of one subject changes. */
export type AlertChange =
  | { readonly kind: "opens"; readonly span: AlertSpan }
  | { readonly kind: "over"; readonly at: number; readonly worst: number }
  | { readonly kind: "stands"; readonly worst: number };

/** `window`: the samples of the last `windowMs`, or, of an alert that stands, of `CLEAR_WINDOW_MS`. Null: there is no alert, and none begins. */
export function alertChange(
  condition: Pick<AlertCondition, "above" | "forSeconds">,
  window: readonly Measured[],
  open: OpenSpan | null,
): AlertChange | null {
  const spans = alertSpans(condition, window, open);
  if (open === null) {
    const span = spans.at(-1);
    return span === undefined || span.overAt !== null ? null : { kind: "opens", span };
  }
  const { worst, overAt } = spans[0] ?? { ...open, overAt: null };
  return overAt === null ? { kind: "stands", worst } : { kind: "over", at: overAt, worst };
}

/** How much of the past says whether an alert is over. */
export const CLEAR_WINDOW_MS = CLEAR_MS + MAX_GAP_MS;

/** How much of the past says whether an alert begins. */
export function windowMs({ forSeconds }: Pick<AlertCondition, "forSeconds">): number {
  return Math.max(forSeconds * 1_000 + MAX_GAP_MS, CLEAR_WINDOW_MS);
}
