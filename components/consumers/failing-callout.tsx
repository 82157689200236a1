import Link from "next/link";
import type { ConsumerFailure } from "@/server/contract/consumers.ts";
import { plural } from "../display/format-count.ts";
import { Ago, DateTime } from "../display/moment.tsx";
import { Callout } from "../display/notice.tsx";

/** Tells of an open breaker: since when, with which error, and what happens next. */
export function FailingCallout({ consumer, failing }: { consumer: string; failing: ConsumerFailure }) {
  const { error, nextProbeAt, probes, since } = failing;
  return (
    <Callout tone="bad">
      (Nearly) every delivery has failed since <Ago at={since} />
      {error === null ? null : (
        <>
          {" "}
          with{" "}
          {error.fingerprint === "" ? (
            error.name
          ) : (
            <Link
              href={`/dead-letters/${error.fingerprint}?consumer=${consumer}`}
              className="rounded-sm font-medium hover:underline"
            >
              {error.name}
            </Link>
          )}
          : <span className="[overflow-wrap:anywhere]">{error.message}</span>
        </>
      )}
      . Nothing else is delivered, and no attempts are used up.{" "}
      {nextProbeAt === null ? (
        "One delivery is being tried now."
      ) : (
        <>
          One delivery is tried at <DateTime at={nextProbeAt} />
          {probes === 0 ? "" : `, after ${plural(probes, "try", "tries")} in vain`}.
        </>
      )}{" "}
      When one is settled, the flow goes on by itself.
    </Callout>
  );
}
