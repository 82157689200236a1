"use client";

import { useQuery } from "@tanstack/react-query";
import { ListEnd, MailCheck } from "lucide-react";
import Link from "next/link";
import { useState } from "react";
import type { DeliveryAttempt, ParkedEvent } from "@/server/contract/parked.ts";
import { useApi } from "../data/api.ts";
import { CodeBlock } from "../display/code-block.tsx";
import { type Column, DataTable } from "../display/data-table.tsx";
import { FactStrip } from "../display/facts.tsx";
import { Failure } from "../display/failure.tsx";
import { formatCount, plural } from "../display/format-count.ts";
import { Ago, DateTime } from "../display/moment.tsx";
import { Empty } from "../display/notice.tsx";
import { Status } from "../display/status.tsx";
import { Page } from "../shell/page.tsx";
import { Button } from "../ui/button.tsx";
import { Panel } from "../ui/panel.tsx";
import { Skeleton } from "../ui/skeleton.tsx";
import { DueIn, Letters } from "./letters.tsx";
import { STATE_WORDS } from "./parked-words.ts";
import { type Target, VerbDialog } from "./verb-dialog.tsx";

const ATTEMPTS: readonly Column<DeliveryAttempt>[] = [
  { id: "attempt", header: "Attempt", cell: (it) => formatCount(it.attempt), width: "w-20" },
  { id: "at", header: "When", cell: (it) => <DateTime at={it.at} />, width: "w-52" },
  { id: "member", header: "Member", cell: (it) => it.member ?? "–", width: "w-44" },
  { id: "outcome", header: "Outcome", cell: (it) => it.outcome, width: "w-28" },
  {
    id: "error",
    header: "Error",
    cell: (it) => (
      <span title={it.error?.message ?? ""}>
        <span className="font-medium">{it.error?.name}</span> <span className="text-muted">{it.error?.message}</span>
      </span>
    ),
  },
];

const FOLLOWERS: readonly Column<ParkedEvent>[] = [
  {
    id: "event",
    header: "Event",
    cell: (it) => (
      <Link href={`/topics/${it.topic}/events/${it.offset}`} className="rounded-sm font-medium hover:underline">
        {it.topic}/{formatCount(it.offset)}
      </Link>
    ),
    width: "w-52",
  },
  { id: "type", header: "Type", cell: (it) => it.type },
  { id: "state", header: "State", cell: (it) => <Status {...STATE_WORDS[it.state]} />, width: "w-32" },
  { id: "since", header: "Waits since", cell: (it) => <Ago at={it.parkedAt} />, isNumber: true, width: "w-32" },
];

interface SequencePageProps {
  readonly consumer: string;
  readonly topic: string;
  readonly sequenceKey: string;
}

/** The lane of one key: the failed head, its attempts, and what waits behind it, in order. */
export function SequencePage({ consumer, topic, sequenceKey: key }: SequencePageProps) {
  const api = useApi();
  const [target, setTarget] = useState<Target | null>(null);
  const query = useQuery(api.parked.sequence.queryOptions({ consumer, topic, key }, { refetchInterval: 1_000 }));
  const { data } = query;
  const head = data?.head ?? null;
  const whole = { consumer, filter: { topic, key }, what: `key ${key}` };
  const nothing = data !== undefined && head === null ? "Nothing of this key is parked." : undefined;

  return (
    <Page
      crumbs={[
        { label: "Dead letters", href: "/dead-letters" },
        { label: consumer, href: `/consumers/${consumer}` },
        { label: key, isName: true },
      ]}
      actions={
        <>
          <Button
            size="sm"
            look="primary"
            disabled={data === undefined}
            blockedBecause={nothing}
            onClick={() =>
              head !== null &&
              setTarget({
                verb: "redrive",
                consumer,
                filter: { topic, offset: head.offset },
                count: 1,
                what: `the head of key ${key}`,
              })
            }
          >
            Retry the head now
          </Button>
          <Button
            size="sm"
            disabled={data === undefined}
            blockedBecause={nothing}
            onClick={() =>
              head !== null &&
              setTarget({
                verb: "discard",
                consumer,
                filter: { topic, offset: head.offset },
                count: 1,
                what: `the head of key ${key}`,
              })
            }
          >
            Discard the head
          </Button>
          <Button
            size="sm"
            disabled={data === undefined}
            blockedBecause={nothing}
            onClick={() => setTarget({ verb: "discard", ...whole, count: 1 + (data?.followerCount ?? 0) })}
          >
            Discard the lane
          </Button>
        </>
      }
    >
      {query.error !== null ? (
        <Failure error={query.error} what="key" onRetry={() => void query.refetch()} />
      ) : data === undefined ? (
        <Skeleton className="h-60 w-full rounded-lg" />
      ) : head === null ? (
        <Panel>
          <Empty icon={MailCheck} title="Nothing of this key is parked">
            Its events flow: whatever comes is delivered in order.
          </Empty>
        </Panel>
      ) : (
        <>
          <FactStrip
            facts={[
              { label: "Head", value: `${topic}/${formatCount(head.offset)}`, note: head.type },
              { label: "State", value: <Status {...STATE_WORDS[head.state]} />, note: head.error?.name ?? "" },
              {
                label: "Attempts",
                value: formatCount(head.attempt),
                note: head.state === "dead" ? "no more by itself" : `of ${formatCount(head.attemptsMax)}`,
              },
              {
                label: "Next attempt",
                value: <DueIn at={head.dueAt} />,
                note: head.operation === null ? "" : "redriven",
              },
              { label: "Waiting behind", value: formatCount(data.followerCount), note: "events of this key" },
            ]}
          />
          {head.error === null ? null : (
            <Panel title={head.error.name}>
              <p className="px-3 py-2">{head.error.message}</p>
              {head.error.stack === null ? null : (
                <CodeBlock code={head.error.stack} label="Stack" className="m-3 mt-0" />
              )}
            </Panel>
          )}
          <Panel title="Attempts of the head" aside={plural(data.attempts.length, "attempt")}>
            <DataTable
              label="Attempts"
              columns={ATTEMPTS}
              rows={data.attempts}
              rowId={(it) => String(it.attempt)}
              empty={<Empty title="No attempt yet">It waits for its first delivery.</Empty>}
            />
          </Panel>
          <Panel title="Behind it, in order" aside={`${formatCount(data.followerCount)} in all, at most 500 shown`}>
            <DataTable
              label="Followers"
              columns={FOLLOWERS}
              rows={data.followers}
              rowId={(it) => String(it.offset)}
              empty={
                <Empty icon={ListEnd} title="Nothing waits behind it">
                  The next event of this key would.
                </Empty>
              }
            />
          </Panel>
        </>
      )}
      {data !== undefined && data.discarded.length > 0 ? (
        <Letters
          title="Discarded of this key"
          consumer={consumer}
          filter={{ topic, key, state: "discarded" }}
          onVerb={setTarget}
        />
      ) : null}
      <VerbDialog target={target} onClose={() => setTarget(null)} />
    </Page>
  );
}
