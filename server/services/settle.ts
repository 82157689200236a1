import { stringify } from "lossless-json";
import { LIMITS } from "../contract/limits.ts";
import type { Settlement } from "../contract/settlements.ts";
import { DomainError, invalidField } from "../domain/errors.ts";
import type { StateChangeText } from "../domain/state-fold.ts";
import type { Members } from "../engine/members.ts";
import type { SettlementItem } from "../engine/settlement-group.ts";
import type { Services } from "./services.ts";

/**
 * Settles deliveries, all of a request or none. `settled` counts repeats as well. See `Settler.settle` for refusals;
 * besides, `consumer-not-found` and `invalid-input` for a topic that is not the consumer's.
 */
export const settle =
  ({ members }: { readonly members: Pick<Members, "settle" | "findSetup"> }): Services["settle"] =>
  async ({ consumer, settlements }) => {
    let setup = await members.findSetup(consumer);
    const knows = (topic: string) => setup?.topics.some((it) => it.topic === topic) ?? false;
    // A topic that was declared a moment ago, perhaps at another instance.
    if (setup === null || settlements.some((it) => !knows(it.topic))) setup = await members.findSetup(consumer, true);
    if (setup === null) throw new DomainError("consumer-not-found", `there is no consumer "${consumer}"`);
    const topicIds = new Map(setup.topics.map((it) => [it.topic, it.topicId]));
    const items = settlements.map((settlement, index): SettlementItem => {
      const topicId = topicIds.get(settlement.topic);
      if (topicId === undefined) {
        throw invalidField(`settlements[${index}].topic`, `is not a topic of consumer "${consumer}"`);
      }
      return {
        topicId,
        topic: settlement.topic,
        partition: settlement.partition,
        epoch: settlement.epoch,
        offset: settlement.offset,
        outcome: settlement.outcome,
        upTo: settlement.upTo === true,
        state: settlement.state === undefined ? null : stateText(settlement, index),
      };
    });
    await members.settle(setup, items);
    return { settled: items.length };
  };

function stateText({ state, outcome }: Settlement, index: number): StateChangeText {
  const field = `settlements[${index}].state`;
  // An extension may be repeated without harm only as long as it writes nothing.
  if (outcome !== "ack") throw invalidField(field, 'goes only with outcome "ack"');
  const set = Object.entries(state?.set ?? {}).map(([key, value]) => {
    const json = stringify(value) ?? "null";
    if (Buffer.byteLength(json) > LIMITS.maxStateValueBytes) {
      throw invalidField(`${field}.set.${key}`, `must be at most ${LIMITS.maxStateValueBytes} bytes of JSON`);
    }
    return [key, json] as const;
  });
  if (set.length > LIMITS.maxStateEntriesPerSettlement) {
    throw invalidField(`${field}.set`, `must hold at most ${LIMITS.maxStateEntriesPerSettlement} entries`);
  }
  return { set, delete: state?.delete ?? [] };
}
