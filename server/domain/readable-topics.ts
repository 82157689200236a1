import type { May } from "./access.ts";
import { DomainError } from "./errors.ts";

/**
 * A consumer is a way to the events of its topics, so it opens nothing to whoever may not read them. Whoever declares a
 * topic for a consumer, takes the consumer's events, or looks at them through it (plans, letters, sequences, replays) must be
 * allowed to read that topic; what he may do to the consumer is asked beside this. Returns the first topic that is not
 * allowed; null = all are.
 */
export function unreadableTopic(may: May, topics: readonly string[]): string | null {
  return topics.find((topic) => !may("read", { topic })) ?? null;
}

/** Throws `forbidden` for the first topic that is not allowed. */
export function requireReadable(may: May, topics: readonly string[]): void {
  const topic = unreadableTopic(may, topics);
  if (topic === null) return;
  throw new DomainError("forbidden", `This takes leave to read the topic "${topic}".`, {
    facts: { action: "read", name: topic },
  });
}
