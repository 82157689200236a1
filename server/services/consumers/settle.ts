import { stringify } from "lossless-json";
import { LIMITS } from "../../contract/limits.ts";
import type { Settlement } from "../../contract/settlements.ts";
import { DomainError, invalidField } from "../../domain/errors.ts";
import { exactSum } from "../../domain/exact-sum.ts";
import type { StateChangeText } from "../../domain/state-fold.ts";
import type { Members } from "../../engine/members/members.ts";
import type { SettlementItem } from "../../engine/settling/group.ts";
import { staleEpoch } from "../../engine/settling/refusals.ts";
import { storedError } from "../../engine/settling/stored-error.ts";
import type { StoredError } from "../../store/parked/settle-write.ts";
import type { Services } from "../services.ts";

/**
 * Settles deliveries, all of a request or none. `settled` counts repeats as well. See `SettlementRouter` for refusals;
 * besides, `consumer-not-found` and `invalid-input` for a topic that is not the consumer's.
 */
export const settle =
  ({ members }: { readonly members: Pick<Members, "settle" | "findSetup"> }): Services["settle"] =>
  async ({ consumer, settlements }) => {
    let setup = await members.findSetup(consumer);
    const knows = (topic: string) => setup?.topics.some((it) => it.topic === topic) ?? false;
    // A topic that was declared a moment ago, perhaps at another instance.
    if (setup === null || settlements.some((it) => it.topic !== undefined && !knows(it.topic)))
      setup = await members.findSetup(consumer, true);
    if (setup === null) throw new DomainError("consumer-not-found", `there is no consumer "${consumer}"`);
    const { removedTopics } = setup;
    const topicIds = new Map(setup.topics.map((it) => [it.topic, it.topicId]));
    const items = settlements.map((settlement, index): SettlementItem => {
      const { topic, offset } = requirePlace(settlement, index);
      const topicId = topic === "" ? 0 : topicIds.get(topic);
      if (topicId === undefined && removedTopics.includes(topic)) throw ofRemovedTopic(settlement, index);
      if (topicId === undefined) {
        throw invalidField(`settlements[${index}].topic`, `is not a topic of consumer "${consumer}"`);
      }
      return {
        topicId,
        topic,
        partition: settlement.partition,
        epoch: settlement.epoch,
        offset,
        outcome: settlement.outcome,
        attempt: settlement.attempt ?? null,
        error: errorOf(settlement, index),
        delayMs: settlement.delayMs ?? null,
        reason: settlement.reason ?? null,
        state: settlement.state === undefined ? null : stateText(settlement, index),
      };
    });
    const { superseded } = await members.settle(setup, items);
    return { settled: items.length - superseded.length, ...(superseded.length > 0 && { superseded: [...superseded] }) };
  };

/** The epochs rose when the topic was removed. */
function ofRemovedTopic({ topic = "", partition, epoch }: Settlement, index: number): DomainError {
  return staleEpoch([{ index, topic, partition, epoch, currentEpoch: null }]);
}

/** An extension may speak of all that is in flight: `""` and 0 then. */
function requirePlace({ topic, offset, outcome }: Settlement, index: number): { topic: string; offset: number } {
  if (outcome !== "extend") {
    if (topic === undefined) throw invalidField(`settlements[${index}].topic`, `is required with outcome "${outcome}"`);
    if (offset === undefined)
      throw invalidField(`settlements[${index}].offset`, `is required with outcome "${outcome}"`);
  }
  if (topic === undefined && offset !== undefined) {
    throw invalidField(`settlements[${index}].topic`, "is required with an offset");
  }
  return { topic: topic ?? "", offset: offset ?? 0 };
}

const FAILURES: ReadonlySet<Settlement["outcome"]> = new Set(["retry", "dead-letter"]);

/** Refuses what does not go with the outcome, field by field. */
function errorOf(settlement: Settlement, index: number): StoredError | null {
  const { outcome, error, delayMs, reason } = settlement;
  const field = `settlements[${index}]`;
  if (delayMs !== undefined && outcome !== "retry")
    throw invalidField(`${field}.delayMs`, 'goes only with outcome "retry"');
  if (reason !== undefined && outcome !== "skip")
    throw invalidField(`${field}.reason`, 'goes only with outcome "skip"');
  if (reason === undefined && outcome === "skip")
    throw invalidField(`${field}.reason`, 'is required with outcome "skip"');
  if (!FAILURES.has(outcome)) {
    if (error !== undefined) throw invalidField(`${field}.error`, 'goes only with outcome "retry" or "dead-letter"');
    return null;
  }
  if (error === undefined) {
    if (outcome === "dead-letter") throw invalidField(`${field}.error`, 'is required with outcome "dead-letter"');
    return null;
  }
  const { name, message, stack } = error;
  return storedError({ name, message, ...(stack !== undefined && { stack }) });
}

function stateText({ state, outcome }: Settlement, index: number): StateChangeText {
  const field = `settlements[${index}].state`;
  // An extension may be repeated without harm only as long as it writes nothing.
  if (outcome === "extend") throw invalidField(field, 'does not go with outcome "extend"');
  const set = Object.entries(state?.set ?? {}).map(([key, value]) => {
    const json = stringify(value) ?? "null";
    if (Buffer.byteLength(json) > LIMITS.maxStateValueBytes) {
      throw invalidField(`${field}.set.${key}`, `must be at most ${LIMITS.maxStateValueBytes} bytes of JSON`);
    }
    return [key, json] as const;
  });
  const deleted = state?.delete ?? [];
  const expected = Object.entries(state?.expect ?? {});
  for (const [key, version] of expected) {
    if (!Number.isSafeInteger(version) || version < 0) {
      throw invalidField(`${field}.expect.${key}`, "must be a version: a whole number, 0 = absent");
    }
  }
  const written = new Set([...set.map(([key]) => key), ...deleted]);
  const increment = Object.entries(state?.increment ?? {}).map(([key, amount]) => {
    const text = String(amount);
    if (exactSum("0", text) === null) {
      throw invalidField(`${field}.increment.${key}`, "must be a number whose digits stay within 2^53");
    }
    if (written.has(key)) throw invalidField(`${field}.increment.${key}`, "must not be set or deleted as well");
    return [key, text] as const;
  });
  for (const [name, list] of Object.entries({ set, expect: expected, increment })) {
    if (list.length > LIMITS.maxStateEntriesPerSettlement) {
      throw invalidField(`${field}.${name}`, `must hold at most ${LIMITS.maxStateEntriesPerSettlement} entries`);
    }
  }
  return { set, delete: deleted, expect: expected, increment };
}
