import { expect, it } from "vitest";
import { ALERT_MEASURES, type AlertMeasure } from "./alert-rule.ts";
import { alertWords, conditionWords } from "./alert-words.ts";

it.each<[AlertMeasure, number, string]>([
  ["lag-seconds", 119, "billing is 119 s behind"],
  ["lag-seconds", 420, "billing is 7 min behind"],
  ["lag-seconds", 10_000, "billing is 3 h behind"],
  ["lag-seconds", 260_000, "billing is 3 days behind"],
  ["unattended-events", 1, "1 event waits at billing, and no member is connected"],
  ["unattended-events", 12, "12 events wait at billing, and no member is connected"],
  ["failures-per-minute", 2, "2 deliveries fail at billing in a minute"],
  ["dead-letters", 1, "billing has 1 dead letter"],
  ["dead-letters", 3, "billing has 3 dead letters"],
  ["topic-bytes", 0, "billing keeps 0 bytes"],
  ["topic-bytes", 1_500, "billing keeps 1.5 kB"],
  ["topic-bytes", 50e9, "billing keeps 50 GB"],
])("%s of %d is told as a sentence", (measure, value, words) => {
  expect(alertWords(measure, "billing", value)).toBe(words);
});

it("every measure has its words, as a fact and as a condition", () => {
  for (const measure of Object.keys(ALERT_MEASURES) as AlertMeasure[]) {
    expect(alertWords(measure, "billing", 7)).toContain("billing");
    expect(conditionWords(measure, 7)).not.toBe("");
    expect(conditionWords(measure, 0)).not.toContain("undefined");
  }
});
