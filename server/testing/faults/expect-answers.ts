import type { Asked } from "../actors/producers.ts";
import type { Fault } from "./fault-test.ts";

/** Beyond what a statement may take, a margin for a machine that does everything at once. */
const BOUND_MS = 12_000;

/** Producers got 201, a 503 that says when to come back, or, from a server that died, nothing. Nobody waited for long. */
export function expectAnswers(fault: Pick<Fault, "holds" | "fact">, asked: readonly Asked[]): void {
  const counts: Record<string, number> = {};
  for (const { status } of asked) counts[String(status)] = (counts[String(status)] ?? 0) + 1;
  fault.fact("answers by status", counts);
  const slowest = Math.round(Math.max(0, ...asked.map((it) => it.tookMs)));
  fault.fact("longest wait for an answer, ms", slowest);
  const strange = asked.filter(({ status }) => status !== null && ![201, 429, 503].includes(status));
  fault.holds("every answer is 201, 429 or 503", strange.length === 0, strange.slice(0, 3));
  const mute = asked.filter(({ status, hasRetryAfter }) => (status === 503 || status === 429) && !hasRetryAfter);
  fault.holds("every 503 and 429 has a Retry-After", mute.length === 0, mute.slice(0, 3));
  fault.holds("no answer takes longer than the bound", slowest < BOUND_MS, slowest);
}
