import { checkConsumers } from "./check-consumer.ts";
import { checkLog } from "./check-log.ts";
import type { Told } from "./entries.ts";
import type { Observation } from "./observe.ts";
import { type Finding, INVARIANTS } from "./verdict.ts";

/** Every invariant, from what producers and members journalled and what the API says, and from nothing else. */
export function judge(told: readonly Told[], observation: Observation): readonly Finding[] {
  const names = Object.keys(INVARIANTS);
  return [...checkLog(told, observation), ...checkConsumers(told, observation)].sort(
    (a, b) => names.indexOf(a.invariant) - names.indexOf(b.invariant),
  );
}
