"use client";

import { useQuery } from "@tanstack/react-query";
import { ListEnd, MailCheck } from "lucide-react";
import Link from "next/link";
import { useState } from "react";
import type { DeliveryAttempt, ParkedEvent, Sequence } from "@/server/contract/parked.ts";
import { useApi } from "../data/api.ts";
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
import { DueIn } from "./due-in.tsx";
import { ErrorPanel } from "./error-panel.tsx";
import { Letters } from "./letters.tsx";
import { OUTCOME_WORDS, parkedLook, STATE_WORDS } from "./parked-words.ts";
import { type Target, VerbDialog } from "./verb-dialog.tsx";

const ATTEMPTS: readonly Column<DeliveryAttempt>[] = [
  { id: "attempt", header: "Attempt", cell: (it) => formatCount(it.attempt), width: "w-20" },
  { id: "at", header: "When", cell: (it) => <DateTime at={it.at} />, width: "w-52" },
  { id: "member", header: "Member", cell: (it) => it.member ?? "–", width: "w-32 xl:w-44" },
  { id: "outcome", header: "Outcome", cell: (it) => <Status {...OUTCOME_WORDS[it.outcome]} />, width: "w-32 xl:w-40" },
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

/** The sequence of one key: the failed head, its attempts, and what waits behind it, in order. */
export function SequencePage({ consumer, topic, sequenceKey: key }: SequencePageProps) {
  const api = useApi();
  const [target, setTarget] = useState<Target | null>(null);
  const query = useQuery(api.parked.sequence.queryOptions({ consumer, topic, key }, { refetchInterval: 1_000 }));
  const { data } = query;
  const head = data?.head ?? null;

  return (
    <Page
      crumbs={[
        { label: "Dead letters", href: "/dead-letters" },
        { label: consumer, href: `/consumers/${consumer}` },
        { label: key, isName: true },
      ]}
      actions={<SequenceVerbs sequence={data} onVerb={setTarget} />}
    >
      {query.error !== null ? (
        <Failure
          error={query.error}
          what="key"
          all={{ href: "/dead-letters", label: "All dead letters" }}
          onRetry={() => void query.refetch()}
        />
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
              { label: "State", value: <Status {...parkedLook(head)} />, note: head.error?.name ?? "" },
              {
                label: "Attempts",
                value: formatCount(head.attempt),
                note: head.state === "dead" ? "no more by itself" : `of ${formatCount(head.attemptsMax)}`,
              },
              {
                label: "Next attempt",
                value: <DueIn at={head.dueAt} />,
                note: head.operation === null ? "" : "queued by an operation",
              },
              { label: "Waiting behind", value: formatCount(data.followerCount), note: "events of this key" },
            ]}
          />
          {head.error === null ? null : <ErrorPanel error={head.error} />}
          <Panel title="Attempts of the head" aside={plural(data.attempts.length, "attempt")}>
            <DataTable
              label="Attempts"
              columns={ATTEMPTS}
              rows={data.attempts}
              rowId={(it) => String(it.attempt)}
              empty={<Empty title="No attempt yet">It waits for its first delivery.</Empty>}
            />
          </Panel>
          <Panel
            title="Behind it, in order"
            aside={
              data.followers.length < data.followerCount
                ? `the first ${formatCount(data.followers.length)} of ${formatCount(data.followerCount)}`
                : plural(data.followerCount, "event")
            }
          >
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

/** The verbs for a sequence, in numbers. */
function SequenceVerbs({ sequence, onVerb }: { sequence: Sequence | undefined; onVerb: (target: Target) => void }) {
  const head = sequence?.head ?? null;
  if (sequence === undefined || head === null) {
    return (
      <Button size="sm" blockedBecause={sequence === undefined ? "Loading." : "Nothing of this key is parked."}>
        Retry the head now
      </Button>
    );
  }
  const { consumer, topic, key, followerCount: behind } = sequence;
  const one = { consumer, filter: { topic, offset: head.offset }, count: 1, behind, what: `the head of ${key}` };
  const all = { consumer, filter: { topic, key }, count: 1 + behind, what: `all of ${key}` };
  return (
    <>
      <Button
        size="sm"
        look="primary"
        blockedBecause={head.operation === null ? undefined : "It is queued already."}
        onClick={() => onVerb({ ...one, verb: "redrive" })}
      >
        Retry the head now
      </Button>
      <Button size="sm" onClick={() => onVerb({ ...one, verb: "discard" })}>
        Discard the head
      </Button>
      <Button size="sm" onClick={() => onVerb({ ...all, noun: "event", verb: "discard" })}>
        Discard all {formatCount(1 + behind)}
      </Button>
    </>
  );
}
