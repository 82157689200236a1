"use client";

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import Link from "next/link";
import { useState } from "react";
import { toast } from "sonner";
import type { Operation } from "@/server/contract/operations.ts";
import { useApi } from "../data/api.ts";
import { FactList, FactStrip } from "../display/facts.tsx";
import { Failure } from "../display/failure.tsx";
import { formatCount, formatRate } from "../display/format-count.ts";
import { formatDuration } from "../display/format-time.ts";
import { DateTime } from "../display/moment.tsx";
import { Callout } from "../display/notice.tsx";
import { Status } from "../display/status.tsx";
import { Page } from "../shell/page.tsx";
import { Button } from "../ui/button.tsx";
import { Panel } from "../ui/panel.tsx";
import { Skeleton } from "../ui/skeleton.tsx";
import { ChangeRate } from "./change-rate.tsx";
import { filterText, isOpen, KIND_WORDS, STATUS_WORDS } from "./operation-words.ts";
import { Progress } from "./progress.tsx";

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
        <Failure error={query.error} what="operation" onRetry={() => void query.refetch()} />
      ) : it === undefined ? (
        <Skeleton className="h-60 w-full rounded-lg" />
      ) : (
        <Body operation={it} />
      )}
    </Page>
  );
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
      {it.note === null ? null : <Callout tone={it.status === "failed" ? "bad" : "warn"}>{it.note}</Callout>}
      <Progress operation={it} />
      <FactStrip
        facts={[
          { label: "Taken up", value: formatCount(it.done), note: `of ${formatCount(it.total)}` },
          { label: "Settled", value: formatCount(it.ok), note: "gone through" },
          { label: "Failed again", value: formatCount(it.failed), note: "dead letters again" },
          {
            label: "Left",
            value: formatCount(left),
            note: it.etaMs === null ? "" : `about ${formatDuration(it.etaMs)}`,
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
              { label: "Canary first", value: it.canary ? "yes" : "no" },
              {
                label: "Stops after",
                value: it.stopAfterFailures === null ? "–" : `${formatCount(it.stopAfterFailures)} failures`,
              },
            ]}
          />
        </Panel>
        <Panel title="Who and when">
          <FactList
            facts={[
              { label: "Who", value: it.actor.replace(/^person:/, "") },
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

function Steering({ operation: it }: { operation: Operation }) {
  const api = useApi();
  const queries = useQueryClient();
  const [isAborting, setAborting] = useState(false);
  const options = {
    onSuccess: (changed: Operation) => {
      queries.setQueryData(api.operations.get.queryKey({ id: it.id }), changed);
      void queries.invalidateQueries({ queryKey: api.operations.list.pathKey() });
    },
    onError: (error: { message: string }) => toast.error(error.message),
  };
  const pause = useMutation(api.operations.pause.mutationOptions(options));
  const resume = useMutation(api.operations.resume.mutationOptions(options));
  const abort = useMutation(api.operations.abort.mutationOptions(options));
  const over = isOpen(it) ? undefined : `It is ${STATUS_WORDS[it.status].word.toLowerCase()}.`;
  return (
    <>
      <ChangeRate operation={it} {...(over !== undefined && { blockedBecause: over })} />
      {it.status === "paused" ? (
        <Button size="sm" isBusy={resume.isPending} onClick={() => resume.mutate({ id: it.id })}>
          Resume
        </Button>
      ) : (
        <Button size="sm" isBusy={pause.isPending} blockedBecause={over} onClick={() => pause.mutate({ id: it.id })}>
          Pause
        </Button>
      )}
      {isAborting && over === undefined ? (
        <Button size="sm" look="danger" isBusy={abort.isPending} onClick={() => abort.mutate({ id: it.id })}>
          Abort with {formatCount(Math.max(0, it.total - it.done))} left
        </Button>
      ) : (
        <Button size="sm" blockedBecause={over} onClick={() => setAborting(true)}>
          Abort
        </Button>
      )}
    </>
  );
}
