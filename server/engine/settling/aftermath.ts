import type { BreakerTrip, BreakerWindow } from "../../domain/breaker.ts";
import type { ConsumerSetup } from "../../store/consumers/setup-select.ts";
import type { StoredError } from "../../store/parked/settle-write.ts";
import type { DecidedItem } from "./effects.ts";
import type { SettlementGroup, SettlementItem } from "./group.ts";
import type { Waiting } from "./queue.ts";
import type { SettledOutcome } from "./settle-parked.ts";

export function isFailure({ decision }: DecidedItem): boolean {
  return decision === "park" || decision === "fail-again";
}

/** What was parked and released becomes what the holders here know; members are told before anything follows. */
export function takeOver(
  members: { onParked(consumerId: number, item: SettlementItem, key: string | null): void },
  setup: ConsumerSetup,
  { settlements, outcome }: { readonly settlements: SettlementGroup; readonly outcome: SettledOutcome },
): void {
  for (const holder of settlements.holders) {
    const change = outcome.changed.get(holder.partition);
    if (change === undefined) continue;
    holder.parkedVersion = change.version;
    for (const { topicId, head, ...of } of change.heads) holder.flows.get(topicId)?.setHead(of, head);
  }
  for (const { special, event } of outcome.decided.filter(isFailure)) {
    // Of a topic-ordered consumer everything after it is taken back, whatever its key.
    members.onParked(setup.consumerId, special.item, setup.ordering === "topic" ? null : event.key);
  }
}

/** Answers the requests of a group, each with the settlements of it that do not count. */
export function answerAll(requests: readonly Waiting[], { decided }: SettledOutcome): void {
  const superseded = new Set<SettlementItem>(
    decided.filter((it) => it.decision === "superseded").map((it) => it.special.item),
  );
  for (const { items, resolve } of requests) {
    const indexes = superseded.size === 0 ? [] : items.flatMap((item, index) => (superseded.has(item) ? [index] : []));
    resolve({ kind: "settled", superseded: indexes });
  }
}

/** Why a topic-ordered consumer has to stop after a group; null = it has not. */
export function haltAfter(setup: ConsumerSetup, dead: readonly SettlementItem[]): string | null {
  const first = setup.ordering === "topic" ? dead[0] : undefined;
  if (first === undefined) return null;
  return `event ${first.topic}/${first.offset} is out of attempts: ${first.error?.name ?? "Error"}`;
}

/** Whether (nearly) everything fails by now, and the last error of it. */
export function tripAfter(
  { setup, breaker }: { readonly setup: ConsumerSetup; readonly breaker: BreakerWindow },
  group: {
    /** Monotonic milliseconds. */
    readonly now: number;
    readonly settled: number;
    readonly failures: readonly SettlementItem[];
  },
): { readonly trip: BreakerTrip; readonly error: StoredError | null } | null {
  // While it is open, what fails was in flight, or is the one that was tried.
  if (setup.breaker === null || setup.failing !== null) return null;
  const places = group.failures.map((it) => `${it.topicId} ${it.offset}`);
  const failed = breaker.firstFailures(setup.breaker, group.now, places);
  const trip = breaker.count(setup.breaker, group.now, { settled: group.settled, failed });
  return trip === null ? null : { trip, error: group.failures.at(-1)?.error ?? null };
}
