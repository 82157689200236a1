import { ALERT_MEASURES, type AlertMeasure } from "@/server/domain/alert-rule.ts";

interface MeasureWords {
  readonly label: string;
  /** What the bound counts; null: it is true or it is not, and the bound is 0. */
  readonly unit: string | null;
}

export const MEASURE_WORDS: Readonly<Record<AlertMeasure, MeasureWords>> = {
  "lag-seconds": { label: "A consumer is behind", unit: "seconds" },
  "unattended-events": { label: "Events wait, and nobody is connected", unit: "events" },
  "breaker-open": { label: "The breaker of a consumer is open", unit: null },
  halted: { label: "A consumer has halted", unit: null },
  "failures-per-minute": { label: "Deliveries fail", unit: "in a minute" },
  "dead-letters": { label: "There are dead letters", unit: "letters" },
  "retention-held-up": { label: "Retention is held up", unit: null },
  "topic-bytes": { label: "A topic is large", unit: "bytes" },
};

export const MEASURE_CHOICES = (Object.keys(ALERT_MEASURES) as AlertMeasure[]).map((value) => ({
  value,
  label: MEASURE_WORDS[value].label,
}));
