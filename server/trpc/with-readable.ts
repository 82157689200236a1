import type { TopicDescription } from "../contract/topics.ts";
import type { May } from "../domain/access.ts";

/** Consumers that the caller may not read stay unnamed; that they hold retention up is told. */
export function withReadable(description: TopicDescription, can: May): TopicDescription {
  const { heldUp } = description;
  if (heldUp === null) return description;
  return {
    ...description,
    heldUp: { ...heldUp, by: heldUp.by.filter((it) => can("read", { consumer: it.consumer })) },
  };
}
