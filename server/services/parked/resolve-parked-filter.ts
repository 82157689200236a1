import type { ParkedFilter } from "../../contract/parked.ts";
import { invalidField } from "../../domain/errors.ts";
import type { ConsumerSetup } from "../../store/consumers/setup-select.ts";
import type { StoredParkedFilter } from "../../store/parked/filter.ts";

/** A filter with its topic resolved; throws `invalid-input` for a topic that is not the consumer's. */
export function resolveParkedFilter(setup: ConsumerSetup, filter: ParkedFilter, path = ""): StoredParkedFilter {
  const topicId = filter.topic === undefined ? null : topicIdOf(setup, filter.topic, `${path}topic`);
  return {
    state: filter.state ?? null,
    topicId,
    key: filter.key ?? null,
    fingerprint: filter.fingerprint ?? null,
    type: filter.type ?? null,
    offset: filter.offset ?? null,
  };
}

/** Throws `invalid-input` naming the field. */
export function topicIdOf(setup: ConsumerSetup, topic: string, field: string): number {
  const found = setup.topics.find((it) => it.topic === topic);
  if (found === undefined) throw invalidField(field, `"${topic}" is not a topic of consumer "${setup.consumer}"`);
  return found.topicId;
}
