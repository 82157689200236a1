import type { AlertMeasure } from "./alert-rule.ts";

/** A consumer or a topic in numbers, as one sentence: what an alert says of it. */
export function alertWords(measure: AlertMeasure, name: string, value: number): string {
  switch (measure) {
    case "lag-seconds":
      return `${name} is ${durationWords(value)} behind`;
    case "unattended-events":
      return `${counted(value, "event waits", "events wait")} at ${name}, and no member is connected`;
    case "breaker-open":
      return `nearly everything fails at ${name}, and deliveries have stopped`;
    case "halted":
      return `${name} stands still at an event that has failed for good`;
    case "failures-per-minute":
      return `${counted(value, "delivery fails", "deliveries fail")} at ${name} in a minute`;
    case "dead-letters":
      return `${name} has ${counted(value, "dead letter", "dead letters")}`;
    case "retention-held-up":
      return `${name} keeps more than its bounds say, because a consumer has not settled it`;
    case "topic-bytes":
      return `${name} keeps ${bytesWords(value)}`;
  }
}

/** A rule's condition as one reads it. */
export function conditionWords(measure: AlertMeasure, above: number): string {
  switch (measure) {
    case "lag-seconds":
      return `more than ${durationWords(above)} behind`;
    case "unattended-events":
      return above === 0
        ? "events wait and nobody is connected"
        : `more than ${above} events wait and nobody is connected`;
    case "breaker-open":
      return "the breaker is open";
    case "halted":
      return "halted";
    case "failures-per-minute":
      return `more than ${above} deliveries fail in a minute`;
    case "dead-letters":
      return above === 0 ? "there are dead letters" : `more than ${above} dead letters`;
    case "retention-held-up":
      return "retention is held up";
    case "topic-bytes":
      return `keeps more than ${bytesWords(above)}`;
  }
}

export function durationWords(seconds: number): string {
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.round(seconds / 3_600)} h` : `${Math.round(seconds / 86_400)} days`;
}

/** In units of 1,000. */
function bytesWords(bytes: number): string {
  const units = ["bytes", "kB", "MB", "GB", "TB"];
  const power = Math.min(units.length - 1, bytes < 1 ? 0 : Math.floor(Math.log10(bytes) / 3));
  const size = bytes / 1_000 ** power;
  return `${size < 10 && power > 0 ? size.toFixed(1) : Math.round(size)} ${units[power]}`;
}

function counted(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`;
}
