import { sequenceName } from "../domain/parked-heads.ts";
import { type EventIdentity, sequenceHash } from "../domain/partition-of.ts";
import { retryDelayMs } from "../domain/retry-policy.ts";
import type { SettlementDecision } from "../domain/settlement-decision.ts";
import type { ConsumerSetup } from "../store/consumer-setup-select.ts";
import type { NewDeliveryAttempt } from "../store/delivery-attempts-insert.ts";
import type { EventKey } from "../store/event-keys-select.ts";
import type { ParkedFacts } from "../store/parked-facts-select.ts";
import type { FailedAgain, NewParkedEvent, ParkedWrites } from "../store/parked-settle-write.ts";
import type { SettlementGroup, SettlementItem, SpecialItem } from "./settlement-group.ts";

/** A settlement that was decided on, with all that was known of its event. */
export interface DecidedItem {
  readonly special: SpecialItem;
  readonly event: EventIdentity & { readonly type: string };
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

/** What the decisions write. Counts failures and releases into the group on the way. */
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
    const { item, holder } = special;
    const { topicId, offset } = item;
    const { member } = holder;
    const operationId = facts.row?.operationId ?? null;
    const attempt = facts.row === null ? holder.attemptOf(topicId, offset) : facts.row.attempt + 1;
    const tell = (outcome: NewDeliveryAttempt["outcome"]) =>
      effects.attempts.push({ topicId, offset, attempt, member, outcome, error: item.error });
    const count = (isOk: boolean) => {
      if (operationId !== null) effects.operations.push({ operationId, isOk });
    };
    switch (decision) {
      case "settle":
      case "repeat":
      case "superseded":
        break;
      case "release":
        released.push({ topicId, offset });
        group.countReleased(item);
        count(true);
        break;
      case "discard-parked":
        discarded.push({ topicId, offset, by: `member:${member}`, reason: item.reason ?? "" });
        tell("skip");
        count(true);
        break;
      case "discard":
        effects.writes.parked.push({
          ...blockedRow(topicId, event, setup.retry.maxAttempts),
          state: "discarded",
          discarded: { by: `member:${member}`, reason: item.reason ?? "" },
        });
        tell("skip");
        break;
      case "park":
      case "fail-again": {
        // Deliveries that broke off have a number, and are no failures.
        const attemptsMax = facts.row?.attemptsMax ?? setup.retry.maxAttempts + attempt - 1;
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
          effects.writes.failed.push({ topicId, offset, attempt, dueInMs, error });
          count(false);
          break;
        }
        effects.writes.parked.push({
          // A dead one has no attempt left, whatever killed it: so it is dead still when it becomes the head again.
          ...blockedRow(topicId, event, dueInMs === null ? attempt : attemptsMax),
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

/** An event as it is parked behind an earlier one of its sequence. */
export function blockedRow(topicId: number, event: EventKey, attemptsMax: number): NewParkedEvent {
  return {
    topicId,
    offset: event.offset,
    key: event.key,
    hash: sequenceHash(event),
    type: event.type,
    state: "blocked",
    attempt: 0,
    attemptsMax,
    dueInMs: null,
    error: null,
    discarded: null,
  };
}

export interface TouchedSequence {
  readonly topicId: number;
  readonly sequence: string;
  /** As the settlement named it: its lease is the one that is locked. */
  readonly partition: number;
}

/** The sequences that have to be mended, and whose heads holders have to know. */
export function touchedSequences(
  known: readonly DecidedItem[],
  followers: readonly { readonly topicId: number; readonly partition: number; readonly row: NewParkedEvent }[],
): TouchedSequence[] {
  const touched = followers.map(({ topicId, partition, row }) => ({ topicId, partition, sequence: sequenceName(row) }));
  for (const { special, event, decision } of known) {
    if (decision === "settle" || decision === "repeat" || decision === "superseded" || decision === "discard") continue;
    const { topicId, partition } = special.item;
    touched.push({ topicId, partition, sequence: sequenceName(event) });
  }
  return touched;
}
