import type { Target } from "./access.ts";

interface NamedHoldings {
  readonly consumers: readonly string[];
  readonly topics: readonly string[];
  readonly unnamed: number;
}

/** What hangs on a topic or a consumer, without the names that the caller may not read: those are only counted. */
export function visibleHoldings<Of extends NamedHoldings>(holds: Of, mayRead: (it: Target) => boolean): Of {
  const consumers = holds.consumers.filter((consumer) => mayRead({ consumer }));
  const topics = holds.topics.filter((topic) => mayRead({ topic }));
  const hidden = holds.consumers.length - consumers.length + (holds.topics.length - topics.length);
  return { ...holds, consumers, topics, unnamed: holds.unnamed + hidden };
}
