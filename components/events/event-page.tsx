"use client";

import { useQuery } from "@tanstack/react-query";
import { ArrowLeft, ArrowRight } from "lucide-react";
import { useRouter } from "next/navigation";
import { useState } from "react";
import { useApi } from "../data/api.ts";
import { Failure } from "../display/failure.tsx";
import { formatCount } from "../display/format-count.ts";
import { Page } from "../shell/page.tsx";
import { Button, ButtonLink } from "../ui/button.tsx";
import { Panel } from "../ui/panel.tsx";
import { Skeleton } from "../ui/skeleton.tsx";
import { EventBody, type View } from "./event-sheet.tsx";
import { FateTable } from "./fate-table.tsx";

/** One event: what it says, and what became of it for every consumer. */
export function EventPage({ topic, offset }: { topic: string; offset: number }) {
  const api = useApi();
  const router = useRouter();
  const [view, setView] = useState<View>("tree");
  const head = useQuery(api.topics.get.queryOptions({ topic })).data?.head;
  const event = useQuery(api.events.get.queryOptions({ topic, offset }));
  return (
    <Page
      crumbs={[
        { label: "Topics", href: "/topics" },
        { label: topic, href: `/topics/${topic}/events?offset=${offset}`, isName: true },
        { label: `Event ${formatCount(offset)}` },
      ]}
      actions={
        <>
          {offset > 1 ? (
            <ButtonLink
              size="sm"
              aria-label={`Previous event ${formatCount(offset - 1)}`}
              href={`/topics/${topic}/events/${offset - 1}`}
            >
              <ArrowLeft aria-hidden="true" /> {formatCount(offset - 1)}
            </ButtonLink>
          ) : null}
          {head !== undefined && offset >= head ? (
            <Button size="sm" blockedBecause="It is the newest event of the topic.">
              {formatCount(offset + 1)} <ArrowRight aria-hidden="true" />
            </Button>
          ) : (
            <ButtonLink
              size="sm"
              aria-label={`Next event ${formatCount(offset + 1)}`}
              href={`/topics/${topic}/events/${offset + 1}`}
            >
              {formatCount(offset + 1)} <ArrowRight aria-hidden="true" />
            </ButtonLink>
          )}
        </>
      }
    >
      {event.error !== null ? (
        <Failure error={event.error} what="event" onRetry={() => void event.refetch()} />
      ) : (
        <div className="grid items-start gap-5 xl:grid-cols-[minmax(0,1fr)_minmax(0,1.4fr)]">
          <Panel title="Event">
            {event.data === undefined ? (
              <Skeleton className="m-4 h-40" />
            ) : (
              <EventBody
                event={event.data}
                view={view}
                onView={setView}
                onKey={(key) => router.push(`/topics/${topic}/events?key=${encodeURIComponent(key)}`)}
              />
            )}
          </Panel>
          <FateTable topic={topic} offset={offset} eventKey={event.data?.key ?? null} />
        </div>
      )}
    </Page>
  );
}
