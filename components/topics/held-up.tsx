import Link from "next/link";
import { Fragment } from "react";
import type { RetentionHeldUp } from "@/server/contract/topics.ts";
import { formatCount, plural } from "../display/format-count.ts";
import { Callout } from "../display/notice.tsx";
import { excessText } from "./excess-text.ts";

/** Tells of retention that waits for consumers: which, and how far it is past its bounds. */
export function HeldUp({ heldUp: { over, by, consumers } }: { heldUp: RetentionHeldUp }) {
  const unnamed = consumers - by.length;
  return (
    <Callout tone="warn">
      Retention is held up: what is kept is {excessText(over)}, because{" "}
      {by.map(({ consumer, position }, i) => (
        <Fragment key={consumer}>
          {i === 0 ? "" : ", "}
          <Link href={`/consumers/${consumer}?tab=positions`} className="rounded-sm font-medium hover:underline">
            {consumer}
          </Link>{" "}
          (at {formatCount(position)})
        </Fragment>
      ))}
      {unnamed === 0
        ? ""
        : `${by.length === 0 ? "" : " and "}${plural(unnamed, by.length === 0 ? "consumer" : "other")}`}{" "}
      {consumers === 1 ? "has" : "have"} not passed the first event kept.
    </Callout>
  );
}
