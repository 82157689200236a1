import Link from "next/link";
import type { ConsumerDescription } from "@/server/contract/consumers.ts";
import { Callout } from "../display/notice.tsx";
import { excessText } from "../topics/excess-text.ts";

/** Tells of topics whose retention waits for this consumer, and how far it is past its bounds. */
export function HoldsUp({ topics }: { topics: ConsumerDescription["topics"] }) {
  const held = topics.flatMap(({ topic, holdsUp }) => (holdsUp === null ? [] : [{ topic, holdsUp }]));
  if (held.length === 0) return null;
  return (
    <Callout tone="warn">
      {held.map(({ topic, holdsUp }) => (
        <p key={topic}>
          It holds up the retention of{" "}
          <Link href={`/topics/${topic}`} className="rounded-sm font-medium hover:underline">
            {topic}
          </Link>
          : what is kept there is {excessText(holdsUp)}, because its position has not passed the first event kept.
        </p>
      ))}
    </Callout>
  );
}
