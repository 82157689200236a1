"use client";

import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { MailCheck } from "lucide-react";
import Link from "next/link";
import type { ReactNode } from "react";
import type { ParkedEvent, ParkedFilter } from "@/server/contract/parked.ts";
import { type ApiError, useApi, useApiClient } from "../data/api.ts";
import { type Column, DataTable } from "../display/data-table.tsx";
import { Failure } from "../display/failure.tsx";
import { formatCount } from "../display/format-count.ts";
import { formatDuration } from "../display/format-time.ts";
import { Ago } from "../display/moment.tsx";
import { Empty } from "../display/notice.tsx";
import { Status } from "../display/status.tsx";
import { useNow } from "../display/use-now.ts";
import { Button } from "../ui/button.tsx";
import { Panel } from "../ui/panel.tsx";
import { laneHref, standingOf } from "./parked-words.ts";
import type { Target } from "./verb-dialog.tsx";

const PAGE = 100;
const REFRESH_MS = 2_000;

/** When a retrying event is tried again, counting down. */
export function DueIn({ at }: { at: string | null }) {
  const now = useNow();
  if (at === null) return <span className="text-faint">–</span>;
  const inMs = Date.parse(at) - now;
  return <>{inMs <= 0 ? "now" : `in ${formatDuration(inMs)}`}</>;
}

interface ColumnsFor {
  readonly consumer: string;
  readonly onVerb: (target: Target) => void;
  readonly isOneKind: boolean;
}

function columnsFor({ consumer, onVerb, isOneKind }: ColumnsFor): readonly Column<ParkedEvent>[] {
  const one = (it: ParkedEvent) => ({
    consumer,
    filter: { topic: it.topic, offset: it.offset },
    count: 1,
    what: `event ${it.topic}/${formatCount(it.offset)}`,
  });
  const columns: readonly Column<ParkedEvent>[] = [
    {
      id: "event",
      header: "Event",
      cell: (it) => (
        <Link href={`/topics/${it.topic}/events/${it.offset}`} className="rounded-sm font-medium hover:underline">
          {it.topic}/{formatCount(it.offset)}
        </Link>
      ),
      width: "w-36",
    },
    {
      id: "key",
      header: "Key",
      cell: (it) =>
        it.key === null ? (
          <span className="text-faint">–</span>
        ) : (
          <Link href={laneHref(consumer, it.topic, it.key)} className="rounded-sm font-mono text-xs hover:underline">
            {it.key}
          </Link>
        ),
      ...(!isOneKind && { width: "w-32" }),
    },
    { id: "type", header: "Type", cell: (it) => it.type, width: "w-36", from: "lg" },
    {
      id: "state",
      header: "State",
      cell: (it) => (
        <>
          <Status {...standingOf(it)} />
          {it.dueAt === null || it.operation !== null ? null : (
            <span className="ml-1.5 text-muted">
              <DueIn at={it.dueAt} />
            </span>
          )}
        </>
      ),
      width: "w-36",
    },
    {
      id: "error",
      header: "Error",
      cell: (it) => (
        <span className="text-muted" title={it.error?.message ?? it.discarded?.reason ?? ""}>
          {it.discarded !== null
            ? `${it.discarded.by.replace(/^person:/, "")}: ${it.discarded.reason}`
            : (it.error?.message ?? "waits for its turn")}
        </span>
      ),
      from: "md",
    },
    {
      id: "attempt",
      header: "Attempts",
      cell: (it) => (it.attempt === 0 ? "–" : formatCount(it.attempt)),
      isNumber: true,
      width: "w-20",
      from: "lg",
    },
    {
      id: "failed",
      header: "Failed",
      cell: (it) => <Ago at={it.failedAt} />,
      isNumber: true,
      width: "w-24",
      from: "lg",
    },
    {
      id: "actions",
      header: "Actions",
      cell: (it) =>
        it.state === "discarded" ? (
          <Button size="sm" look="ghost" onClick={() => onVerb({ verb: "restore", ...one(it) })}>
            Restore
          </Button>
        ) : (
          <>
            {it.state === "blocked" ? null : (
              <Button size="sm" look="ghost" onClick={() => onVerb({ verb: "redrive", ...one(it) })}>
                Retry now
              </Button>
            )}
            <Button size="sm" look="ghost" onClick={() => onVerb({ verb: "discard", ...one(it) })}>
              Discard
            </Button>
          </>
        ),
      isNumber: true,
      width: "w-44",
    },
  ];
  return columns.filter((it) => !isOneKind || it.id !== "error");
}

interface LettersProps {
  readonly title: ReactNode;
  readonly consumer: string;
  readonly filter: ParkedFilter;
  readonly onVerb: (target: Target) => void;
  /** All have failed by the same error, which stands above. */
  readonly isOneKind?: boolean;
  /** When nothing passes the filter. */
  readonly empty?: ReactNode;
}

/** Parked events that pass a filter, a page at a time. */
export function Letters({ title, consumer, filter, onVerb, isOneKind = false, empty }: LettersProps) {
  const api = useApi();
  const client = useApiClient();
  const query = useInfiniteQuery({
    queryKey: [...api.parked.list.queryKey({ consumer, ...filter, limit: PAGE }), "pages"],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam, signal }) =>
      client.parked.list.query(
        { consumer, ...filter, limit: PAGE, ...(pageParam === undefined ? {} : { after: pageParam }) },
        { signal },
      ),
    getNextPageParam: (page) => page.next ?? undefined,
    placeholderData: keepPreviousData,
    refetchInterval: REFRESH_MS,
  });
  if (query.error !== null) {
    return <Failure error={query.error as unknown as ApiError} what="list" onRetry={() => void query.refetch()} />;
  }
  return (
    <>
      <Panel title={title} aside="by topic and offset">
        <DataTable
          label="Letters"
          columns={columnsFor({ consumer, onVerb, isOneKind })}
          rows={query.data?.pages.flatMap((page) => page.events)}
          rowId={(it) => `${it.topic}/${it.offset}`}
          empty={
            empty ?? (
              <Empty icon={MailCheck} title="None of these is parked">
                What was parked here is settled, or was discarded or restored.
              </Empty>
            )
          }
        />
      </Panel>
      {query.hasNextPage ? (
        <Button className="self-start" disabled={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
          Show more
        </Button>
      ) : null}
    </>
  );
}
