"use client";

import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import type { Operation } from "@/server/contract/operations.ts";
import { useApi } from "../data/api.ts";
import { actorText } from "../display/actor-text.ts";
import { ApiEquivalent } from "../display/api-equivalent.tsx";
import { curl } from "../display/curl.ts";
import { type Fact, FactList, FactStrip } from "../display/facts.tsx";
import { Failure } from "../display/failure.tsx";
import { formatCount, formatRate, plural } from "../display/format-count.ts";
import { formatDuration } from "../display/format-time.ts";
import { DateTime } from "../display/moment.tsx";
import { Callout } from "../display/notice.tsx";
import { Status } from "../display/status.tsx";
import { Page } from "../shell/page.tsx";
import { Panel } from "../ui/panel.tsx";
import { Skeleton } from "../ui/skeleton.tsx";
import { filterText, isOpen, KIND_WORDS, STATUS_WORDS } from "./operation-words.ts";
import { Progress } from "./progress.tsx";
import { Steering } from "./steering.tsx";

export function OperationPage({ id }: { id: string }) {
  const api = useApi();
  const query = useQuery(
    api.operations.get.queryOptions(
      { id },
      {
        // The stream tells what changes; this only mends what a broken connection has missed.
        refetchInterval: (it) => (it.state.data !== undefined && !isOpen(it.state.data) ? false : 5_000),
      },
    ),
  );
  const it = query.data;
  const title = it === undefined ? "Operation" : `${KIND_WORDS[it.kind]} for ${it.consumer}`;
  return (
    <Page
      crumbs={[{ label: "Operations", href: "/operations" }, { label: title }]}
      actions={it === undefined ? null : <Steering operation={it} />}
    >
      {query.error !== null ? (
        <Failure
          error={query.error}
          what="operation"
          all={{ href: "/operations", label: "All operations" }}
          onRetry={() => void query.refetch()}
        />
      ) : it === undefined ? (
        <Skeleton className="h-60 w-full rounded-lg" />
      ) : (
        <Body operation={it} />
      )}
    </Page>
  );
}

/** The fate of the events that the operation took up. What is queued or delivered again has not gone through yet. */
function outcomes(it: Operation): Fact[] {
  const of = `of ${formatCount(it.total)}`;
  if (it.kind === "discard") return [{ label: "Discarded", value: formatCount(it.ok), note: of }];
  if (it.kind === "restore") return [{ label: "Restored", value: formatCount(it.ok), note: of }];
  return [
    { label: "Queued", value: formatCount(it.done), note: of },
    {
      label: "Being delivered",
      value: formatCount(Math.max(0, it.done - it.ok - it.failed)),
      note: "queued, no outcome yet",
    },
    { label: "Settled", value: formatCount(it.ok), note: "gone through" },
    {
      label: "Failed again",
      value:
        it.failed === 0 ? (
          "0"
        ) : (
          <Link href={`/dead-letters?consumer=${it.consumer}`} className="rounded-sm text-bad hover:underline">
            {formatCount(it.failed)}
          </Link>
        ),
      note: it.kind === "replay" ? "parked by the retry policy" : "dead letters again",
    },
  ];
}

function Body({ operation: it }: { operation: Operation }) {
  const left = Math.max(0, it.total - it.done);
  return (
    <>
      <div className="flex min-h-5 flex-wrap items-center gap-x-3">
        <span className="font-medium">
          <Status {...STATUS_WORDS[it.status]} />
        </span>
        <span className="text-muted">{it.reason}</span>
      </div>
      {it.note === null ? null : (
        <Callout tone={it.status === "failed" ? "bad" : "warn"}>
          <p className="first-letter:uppercase">{it.note}</p>
        </Callout>
      )}
      <Progress operation={it} />
      <FactStrip
        facts={[
          ...outcomes(it),
          {
            label: "Left",
            value: formatCount(left),
            note:
              it.etaMs === null
                ? isOpen(it)
                  ? "not taken up yet"
                  : "not taken up"
                : `about ${formatDuration(it.etaMs)}`,
          },
          {
            label: "Rate",
            value: `${formatRate(it.ratePerSecond)} /s`,
            note: it.rate === null ? "without a bound" : `at most ${formatRate(it.rate)} /s`,
          },
        ]}
      />
      <div className="grid items-start gap-5 xl:grid-cols-2">
        <Panel title="What was asked for">
          <FactList
            facts={[
              {
                label: "Consumer",
                value: (
                  <Link href={`/consumers/${it.consumer}`} className="text-accent hover:underline">
                    {it.consumer}
                  </Link>
                ),
              },
              { label: "Of", value: filterText(it.filter) },
              ...(it.kind !== "redrive"
                ? []
                : [
                    { label: "Canary first", value: it.canary ? "yes" : "no" },
                    {
                      label: "Stops after",
                      value: it.stopAfterFailures === null ? "–" : plural(it.stopAfterFailures, "failure"),
                    },
                  ]),
              { label: "API", value: <ApiEquivalent code={steeringCalls(it.id)} /> },
            ]}
          />
        </Panel>
        <Panel title="Who and when">
          <FactList
            facts={[
              { label: "Who", value: actorText(it.actor) },
              { label: "Reason", value: it.reason },
              { label: "Created", value: <DateTime at={it.createdAt} /> },
              { label: "Started", value: <DateTime at={it.startedAt} /> },
              { label: "Finished", value: <DateTime at={it.finishedAt} /> },
            ]}
          />
        </Panel>
      </div>
    </>
  );
}

const steeringCalls = (id: string): string =>
  [
    curl({ method: "GET", path: `/v1/operations/${id}` }),
    ...["pause", "resume"].map((verb) => curl({ method: "POST", path: `/v1/operations/${id}/${verb}` })),
  ].join("\n\n");
