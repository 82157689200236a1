import { type BreakerWindow, probeDelayMs, tripText } from "../domain/breaker.ts";
import type { SettlementDecision } from "../domain/settlement-decision.ts";
import type { ConsumerSetup } from "../store/consumer-setup-select.ts";
import type { SettledOutcome } from "./settle-parked.ts";
import type { SettlementGroup, SettlementItem } from "./settlement-group.ts";

export function isFailure(decision: SettlementDecision | undefined): boolean {
  return decision === "park" || decision === "fail-again";
}

/** A parked event leaves, whether or not it was in flight. */
function isEnd(decision: SettlementDecision | undefined): boolean {
  return decision === "release" || decision === "discard-parked";
}

/** What was parked and released becomes what the holders here know; members are told before anything follows. */
export function takeOver(
  members: { onParked(consumerId: number, item: SettlementItem, key: string | null): void },
  setup: ConsumerSetup,
  { settlements, outcome }: { readonly settlements: SettlementGroup; readonly outcome: SettledOutcome },
): void {
  for (const holder of settlements.holders) {
    const change = outcome.changed.get(holder.partition);
    if (change !== undefined) holder.parked.apply(change.version, change.heads);
  }
  settlements.specials.forEach(({ item, holder }, i) => {
    // Of a topic-ordered consumer the flow comes by again, unless it was the very delivery that was settled.
    if (setup.ordering === "topic" && isEnd(outcome.decisions[i]))
      holder.trackers.get(item.topicId)?.passBy(item.offset);
    if (!isFailure(outcome.decisions[i])) return;
    if (setup.ordering === "topic") holder.trackers.get(item.topicId)?.rewindTo(item.offset);
    const key = holder.parked.headAt(item.topicId, item.offset)?.key ?? null;
    members.onParked(setup.consumerId, item, key);
  });
}

export interface Halt {
  readonly kind: "storm" | "halted";
  readonly reason: string;
  /** It ends by itself after so many milliseconds; absent = when somebody resumes. */
  readonly endsInMs?: number;
}

/** Whether the consumer has to stop after a group: too many failures, or a topic-ordered event out of attempts. */
export function haltAfter(
  { setup, breaker }: { readonly setup: ConsumerSetup; readonly breaker: BreakerWindow },
  group: {
    /** Monotonic milliseconds. */
    readonly now: number;
    readonly settled: number;
    readonly failed: number;
    readonly dead: readonly SettlementItem[];
  },
): Halt | null {
  const dead = setup.ordering === "topic" ? group.dead[0] : undefined;
  if (dead !== undefined) {
    const error = dead.error?.name ?? "Error";
    return { kind: "halted", reason: `event ${dead.topic}/${dead.offset} is out of attempts: ${error}` };
  }
  if (setup.breaker === null) return null;
  const trip = breaker.count(setup.breaker, group.now, { settled: group.settled, failed: group.failed });
  if (trip === null) return null;
  return { kind: "storm", reason: tripText(trip, setup.breaker), endsInMs: probeDelayMs(setup.breaker, 0) };
}
