"use client";

import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { parseAsBoolean, parseAsStringLiteral, useQueryState } from "nuqs";
import { useState } from "react";
import { RemoveConsumer } from "../bin/remove-consumer.tsx";
import { useApi } from "../data/api.ts";
import { actorText } from "../display/actor-text.ts";
import { FactStrip } from "../display/facts.tsx";
import { Failure } from "../display/failure.tsx";
import { formatCount, plural } from "../display/format-count.ts";
import { formatDuration } from "../display/format-time.ts";
import { Ago, DateTime } from "../display/moment.tsx";
import { Callout } from "../display/notice.tsx";
import { Status } from "../display/status.tsx";
import { useLiveConsumer } from "../live/live-provider.tsx";
import { ReplayDialog } from "../operations/replay-dialog.tsx";
import { Page } from "../shell/page.tsx";
import { Button } from "../ui/button.tsx";
import { TabLinks } from "../ui/tabs.tsx";
import { AccountPanel } from "./account-panel.tsx";
import { ConsumerSettings } from "./consumer-settings.tsx";
import { consumerStanding } from "./consumer-status.tsx";
import { FailingCallout } from "./failing-callout.tsx";
import { HistoryPanel } from "./history-panel.tsx";
import { HoldsUp } from "./holds-up.tsx";
import { lagNote } from "./lag-note.ts";
import { MemberTable } from "./member-table.tsx";
import { MovePosition } from "./move-position.tsx";
import { ParkedPanel } from "./parked-panel.tsx";
import { PauseDialog } from "./pause-dialog.tsx";
import { PositionHistory } from "./position-history.tsx";
import { PositionTables } from "./position-tables.tsx";
import { StateEntries } from "./state-entries.tsx";

const TABS = ["overview", "positions", "parked", "state", "history", "settings"] as const;
const LABELS: Record<(typeof TABS)[number], string> = {
  overview: "Overview",
  positions: "Positions",
  parked: "Parked",
  state: "State",
  history: "History",
  settings: "Settings",
};

const PAUSED = { operator: "Paused", halted: "Halted" } as const;

export function ConsumerPage({ consumer }: { consumer: string }) {
  const api = useApi();
  const { data, error, refetch } = useQuery(api.consumers.get.queryOptions({ consumer }));
  useLiveConsumer(consumer);
  const [tab] = useQueryState("tab", parseAsStringLiteral(TABS).withDefault("overview"));
  const [isMoving, setMoving] = useQueryState("move", parseAsBoolean.withDefault(false));
  const [isPausing, setPausing] = useState(false);
  const [isReplaying, setReplaying] = useState(false);
  const [isRemoving, setRemoving] = useState(false);
  const parked = data === undefined ? undefined : data.parked.dead + data.parked.retrying + data.parked.blocked;
  const standing = data === undefined ? undefined : consumerStanding(data);

  return (
    <Page
      crumbs={[
        { label: "Consumers", href: "/consumers" },
        { label: consumer, isName: true },
      ]}
      tabs={
        <TabLinks
          label={`Parts of ${consumer}`}
          tabs={TABS.map((it) => ({
            href: `/consumers/${consumer}${it === "overview" ? "" : `?tab=${it}`}`,
            label: LABELS[it],
            isCurrent: it === tab,
            ...(it === "parked" && parked !== undefined && parked > 0 && { count: parked }),
          }))}
        />
      }
      actions={
        <>
          <Button size="sm" disabled={data === undefined} onClick={() => setRemoving(true)}>
            Remove
          </Button>
          <Button size="sm" disabled={data === undefined} onClick={() => setPausing(true)}>
            {data?.pause == null ? "Pause" : "Resume"}
          </Button>
          <Button size="sm" disabled={data === undefined} onClick={() => setReplaying(true)}>
            Replay
          </Button>
          <Button size="sm" disabled={data === undefined} onClick={() => void setMoving(true)}>
            Move position
          </Button>
        </>
      }
    >
      {error !== null ? (
        <Failure
          error={error}
          what="consumer"
          all={{ href: "/consumers", label: "All consumers" }}
          onRetry={() => void refetch()}
        />
      ) : (
        <>
          <section aria-label="Status" className="flex min-h-5 flex-wrap items-center gap-x-3">
            {standing === undefined ? null : (
              <>
                <span className="font-medium">
                  <Status tone={standing.tone} word={standing.word} />
                </span>
                {/* The banner says it, with since when and until when. */}
                {data?.pause == null && data?.failing == null ? (
                  <span className="live-value min-w-0 text-muted [overflow-wrap:anywhere]">{standing.why}</span>
                ) : null}
                {data !== undefined && tab !== "parked" && (data.status === "blocked" || data.status === "halted") ? (
                  <Link href={`/consumers/${consumer}?tab=parked`} className="rounded-sm text-accent hover:underline">
                    See what is parked
                  </Link>
                ) : null}
              </>
            )}
          </section>
          {data?.pause == null ? null : (
            <Callout tone={data.pause.kind === "operator" ? "warn" : "bad"}>
              {PAUSED[data.pause.kind]} by {actorText(data.pause.by)} <Ago at={data.pause.since} />: {data.pause.reason}
              {data.pause.until === null ? null : (
                <>
                  {" "}
                  It ends by itself at <DateTime at={data.pause.until} />.
                </>
              )}
            </Callout>
          )}
          {data === undefined ? null : <HoldsUp topics={data.topics} />}
          {data === undefined || data.removedTopics.length === 0 ? null : (
            <Callout tone="warn">
              In the{" "}
              <Link href="/bin" className="rounded-sm underline">
                bin
              </Link>
              : {data.removedTopics.join(", ")}. It keeps its place there, and goes on from it when the topic is
              restored.
            </Callout>
          )}
          {data?.failing == null ? null : <FailingCallout consumer={consumer} failing={data.failing} />}
          <FactStrip
            facts={[
              { label: "Lag", value: formatCount(standing?.lag), note: lagNote(data) },
              { label: "Behind", value: formatDuration(standing?.lagMs), note: "age of the oldest of them" },
              { label: "Members", value: formatCount(data?.members.length), note: "connected now" },
              {
                label: "Partitions",
                value: formatCount(data?.partitions),
                note: data === undefined ? "" : `order kept per ${data.ordering}`,
              },
              {
                label: "Parked",
                value: formatCount(parked),
                note:
                  data === undefined
                    ? ""
                    : `${formatCount(data.parked.dead)} dead, ${formatCount(data.parked.retrying)} retrying`,
              },
              {
                label: "Topics",
                value: formatCount(data?.topics.length),
                note:
                  data === undefined
                    ? ""
                    : plural(
                        data.topics.reduce((sum, it) => sum + it.head, 0),
                        "event",
                      ),
              },
            ]}
          />
          {tab === "overview" ? (
            <>
              <HistoryPanel consumer={consumer} />
              <AccountPanel consumer={consumer} />
            </>
          ) : tab === "positions" ? (
            <>
              <PositionTables description={data} />
              <MemberTable description={data} />
            </>
          ) : tab === "parked" ? (
            <ParkedPanel description={data} />
          ) : tab === "state" ? (
            <StateEntries consumer={consumer} />
          ) : tab === "history" ? (
            <PositionHistory consumer={consumer} />
          ) : (
            <ConsumerSettings description={data} />
          )}
        </>
      )}
      {data === undefined ? null : (
        <>
          <MovePosition
            description={data}
            isOpen={isMoving}
            onOpenChange={(isOpen) => void setMoving(isOpen ? true : null)}
          />
          <PauseDialog description={data} isOpen={isPausing} onOpenChange={setPausing} />
          <RemoveConsumer consumer={consumer} isOpen={isRemoving} onOpenChange={setRemoving} />
          <ReplayDialog consumer={consumer} topics={data.topics} isOpen={isReplaying} onOpenChange={setReplaying} />
        </>
      )}
    </Page>
  );
}
