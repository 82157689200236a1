"use client";

import Link from "next/link";
import type { Standing } from "../consumers/consumer-status.tsx";
import { WhySentence } from "../consumers/why.tsx";
import { plural } from "../display/format-count.ts";
import { Status } from "../display/status.tsx";
import { useLiveStatus } from "../live/live-provider.tsx";
import { Skeleton } from "../ui/skeleton.tsx";

type Named = Standing & { readonly consumer: string };

const SHOWN = 3;

/** The faults of the moment, in one line, and whose they are. */
export function HealthStrip({ standings }: { standings: readonly Named[] | undefined }) {
  const { state } = useLiveStatus();
  if (standings === undefined) return <Skeleton className="h-11 w-full rounded-lg" />;
  const wrong = standings
    .filter((it) => it.tone === "bad" || it.tone === "warn")
    .sort((a, b) => (a.tone === b.tone ? b.lagMs - a.lagMs : a.tone === "bad" ? -1 : 1));
  const worst = wrong[0];
  return (
    <section
      aria-label="Health"
      className="flex min-h-11 flex-wrap items-start gap-x-5 gap-y-1 rounded-lg border border-line bg-surface px-3 py-2.5"
    >
      <span className="font-medium">
        {state === "stale" ? (
          <Status tone="bad" word="What is shown may be out of date" />
        ) : worst === undefined ? (
          <Status tone="ok" word="All is well" />
        ) : (
          <Status
            tone={worst.tone}
            word={`${plural(wrong.length, "consumer")} ${wrong.length === 1 ? "needs" : "need"} a look`}
          />
        )}
      </span>
      {worst === undefined ? null : (
        <ul className="min-w-0 flex-1 basis-80">
          {wrong.slice(0, SHOWN).map((it) => (
            <li key={it.consumer} className="live-value text-muted md:truncate" title={it.why}>
              <Link href={`/consumers/${it.consumer}`} className="rounded-sm font-medium text-ink hover:underline">
                {it.consumer}
              </Link>{" "}
              <WhySentence of={it} />
            </li>
          ))}
        </ul>
      )}
      {wrong.length > SHOWN ? (
        <Link href="/consumers?status=attention" className="rounded-sm text-muted hover:text-ink">
          {wrong.length - SHOWN} more
        </Link>
      ) : null}
      {worst === undefined && standings.length > 0 ? (
        <span className="text-muted">{plural(standings.length, "consumer")}, none stopped or lagging.</span>
      ) : null}
    </section>
  );
}
