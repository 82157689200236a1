import { sequenceHash } from "../../domain/partition-of.ts";
import { retryDelayMs } from "../../domain/retry-policy.ts";
import { sequenceName } from "../../domain/sequence.ts";
import type { SettlementDecision } from "../../domain/settlement-decision.ts";
import type { ConsumerSetup } from "../../store/consumers/setup-select.ts";
import type { NewDeliveryAttempt } from "../../store/members/delivery-attempts-insert.ts";
import type { ParkedFacts } from "../../store/parked/facts-select.ts";
import type { FailedAgain, NewParkedEvent, ParkedWrites } from "../../store/parked/settle-write.ts";
import type { EventKey } from "../../store/topics/event-keys-select.ts";
import type { FollowerToPark, SettlementGroup, SettlementItem, SpecialItem } from "./group.ts";
import { connectionLostError } from "./stored-error.ts";

/** A settlement that was decided on, with all that was known of its event. */
export interface DecidedItem {
  readonly special: SpecialItem;
  readonly event: EventKey;
  readonly decision: SettlementDecision;
  readonly facts: ParkedFacts;
}

export interface EffectsOptions {
  readonly setup: ConsumerSetup;
  readonly group: SettlementGroup;
  /** 0 ≤ random < 1 */
  readonly random: () => number;
}

export interface Effects {
  readonly writes: ParkedWrites & { parked: NewParkedEvent[]; failed: FailedAgain[] };
  readonly attempts: NewDeliveryAttempt[];
  readonly operations: { operationId: string; isOk: boolean }[];
  readonly dead: SettlementItem[];
}

/** What the decisions write. Counts failures, and what was settled apart from the flow, into the group on the way. */
export function effectsOf(known: readonly DecidedItem[], settlement: EffectsOptions): Effects {
  const { setup, group } = settlement;
  const released: { topicId: number; offset: number }[] = [];
  const discarded: { topicId: number; offset: number; by: string; reason: string }[] = [];
  const effects: Effects = {
    writes: { consumerId: setup.consumerId, parked: [], failed: [], released, discarded },
    attempts: [],
    operations: [],
    dead: [],
  };
  for (const { special, event, decision, facts } of known) {
    const { item, holder, begun } = special;
    const { topicId, offset } = item;
    const { member } = holder;
    const operationId = facts.row?.operationId ?? null;
    const attempt = facts.row === null ? (holder.flows.get(topicId)?.attemptOf(offset) ?? 1) : facts.row.attempt + 1;
    const tell = (outcome: NewDeliveryAttempt["outcome"]) =>
      effects.attempts.push({ topicId, offset, attempt, member, outcome, error: item.error });
    const count = (isOk: boolean) => {
      if (operationId !== null) effects.operations.push({ operationId, isOk });
    };
    const place = { topicId, partition: item.partition, event, setup, isReplay: holder.wasHandled(topicId, event) };
    // The flow has not come by it: nothing else says that it is done.
    const isApart = begun === "assumed" && (decision === "settle" || decision === "discard" || decision === "park");
    if (isApart || decision === "release") group.countApart(item);
    switch (decision) {
      case "settle":
      case "repeat":
      case "superseded":
        break;
      case "release":
        released.push({ topicId, offset });
        count(true);
        break;
      case "discard-parked":
        discarded.push({ topicId, offset, by: `member:${member}`, reason: item.reason ?? "" });
        tell("skip");
        count(true);
        break;
      case "discard":
        effects.writes.parked.push({
          ...parkedRow(place, setup.retry.maxAttempts),
          state: "discarded",
          discarded: { by: `member:${member}`, reason: item.reason ?? "" },
        });
        tell("skip");
        break;
      case "park":
      case "fail-again": {
        // Deliveries that broke off have a number, and are no failures; nor are those that fail while the breaker is open.
        const forgiven = setup.failing === null ? 0 : 1;
        const attemptsMax = (facts.row?.attemptsMax ?? setup.retry.maxAttempts + attempt - 1) + forgiven;
        const error = item.error ?? UNKNOWN_ERROR;
        const dueInMs =
          item.outcome === "dead-letter"
            ? null
            : retryDelayMs(setup.retry, {
                attempt,
                attemptsMax,
                errorName: error.name,
                delayMs: item.delayMs,
                random: settlement.random(),
              });
        group.countFailure(item);
        tell(item.outcome === "dead-letter" ? "dead-letter" : "retry");
        if (dueInMs === null) effects.dead.push(item);
        if (decision === "fail-again") {
          effects.writes.failed.push({ topicId, offset, attempt, attemptsMax, dueInMs, error });
          count(false);
          break;
        }
        effects.writes.parked.push({
          // A dead one has no attempt left, whatever killed it: so it is dead still when it becomes the head again.
          ...parkedRow(place, dueInMs === null ? attempt : attemptsMax),
          state: dueInMs === null ? "dead" : "retrying",
          attempt,
          dueInMs,
          error,
        });
        break;
      }
    }
  }
  return effects;
}

const UNKNOWN_ERROR = { name: "Error", message: "the member gave no error", stack: null, fingerprint: "0".repeat(16) };

/** The row of an event that is parked without having failed: behind another one, or to be tried alone. */
export function followerRow(follower: FollowerToPark, setup: ConsumerSetup): NewParkedEvent {
  const { topicId, partition, broken, isAlone, isReplay } = follower;
  const row = parkedRow({ topicId, partition, event: follower, setup, isReplay }, setup.retry.maxAttempts + broken);
  return {
    ...row,
    attempt: broken,
    ...(isAlone && { lostAlone: 0, error: connectionLostError() }),
  };
}

interface RowPlace {
  readonly topicId: number;
  readonly partition: number;
  readonly event: EventKey;
  readonly setup: ConsumerSetup;
  readonly isReplay: boolean;
}

function parkedRow({ topicId, partition, event, setup, isReplay }: RowPlace, attemptsMax: number): NewParkedEvent {
  return {
    topicId,
    offset: event.offset,
    key: event.key,
    sequence: sequenceName(event, { ordering: setup.ordering, partition }),
    hash: sequenceHash(event),
    type: event.type,
    state: "blocked",
    attempt: 0,
    attemptsMax,
    dueInMs: null,
    error: null,
    discarded: null,
    isReplay,
    lostAlone: null,
  };
}

export interface TouchedSequence {
  readonly topicId: number;
  readonly sequence: string;
  /** Its lease is the one that is locked. */
  readonly partition: number;
  /** Of any event of it. */
  readonly key: string | null;
  readonly offset: number;
}

/** The sequences that have to be mended, and whose heads holders have to know. */
export function touchedSequences(
  known: readonly DecidedItem[],
  followers: readonly FollowerToPark[],
  { ordering }: ConsumerSetup,
): TouchedSequence[] {
  const touched = new Map<string, TouchedSequence>();
  const touch = (topicId: number, partition: number, { key, offset }: Pick<EventKey, "key" | "offset">) => {
    const sequence = sequenceName({ key, offset }, { ordering, partition });
    touched.set(`${topicId} ${sequence}`, { topicId, partition, sequence, key, offset });
  };
  for (const it of followers) touch(it.topicId, it.partition, it);
  for (const { special, event, decision } of known) {
    if (decision === "settle" || decision === "repeat" || decision === "superseded" || decision === "discard") continue;
    touch(special.item.topicId, special.item.partition, event);
  }
  return [...touched.values()];
}
