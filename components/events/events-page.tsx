"use client";

import { useQuery } from "@tanstack/react-query";
import { useQueryStates } from "nuqs";
import { useMemo, useRef, useState } from "react";
import { type ApiError, useApi } from "../data/api.ts";
import { Failure } from "../display/failure.tsx";
import { usePreferences } from "../preferences/preferences-provider.tsx";
import { Page } from "../shell/page.tsx";
import { useShortcuts } from "../shell/use-shortcuts.ts";
import { TopicTabs } from "../topics/topic-tabs.tsx";
import { BROWSE_PARAMS, type BrowsePlace, filterOf } from "./browse-place.ts";
import { BrowseToolbar } from "./browse-toolbar.tsx";
import { EventGrid, type EventGridHandle } from "./event-grid.tsx";
import { EventSheet } from "./event-sheet.tsx";
import { listItems, markersOf } from "./list-items.ts";
import { NewEventsPill } from "./new-events-pill.tsx";
import { NoEvents } from "./no-events.tsx";
import { useEventPages } from "./use-event-pages.ts";
import { useLiveTail } from "./use-live-tail.ts";

export function EventsPage({ topic }: { topic: string }) {
  const api = useApi();
  const { preferences } = usePreferences();
  const [params, setParams] = useQueryStates(BROWSE_PARAMS, { history: "replace" });
  const { start, offset, time, types, key, event, live } = params;
  const isLive = live && start === "newest";
  const place = useMemo<BrowsePlace>(
    () => ({ topic, start, offset, time, filter: filterOf(types, key) }),
    [topic, start, offset, time, types, key],
  );
  const grid = useRef<EventGridHandle>(null);
  const [isAway, setAway] = useState(false);

  const description = useQuery(api.topics.get.queryOptions({ topic }));
  const consumers = useQuery(api.consumers.list.queryOptions()).data?.consumers;
  const { query, rows: loaded, newestFirst } = useEventPages(place, isLive);
  const head = description.data?.head;
  const tail = useLiveTail({
    place,
    after:
      isLive && query.data !== undefined && !query.isPlaceholderData ? (query.data.pages[0]?.headBefore ?? null) : null,
    isPaused: isAway || event !== null,
  });

  const rows = useMemo(() => {
    if (loaded === undefined || !isLive || tail.shown.length === 0) return loaded;
    const newest = loaded[0]?.offset ?? 0;
    return [...tail.shown.filter((it) => it.offset > newest), ...loaded];
  }, [loaded, isLive, tail.shown]);

  const top = rows?.[0]?.offset;
  const items = useMemo(
    () =>
      listItems(rows ?? [], markersOf(consumers ?? [], topic), {
        isNewestFirst: newestFirst,
        isTopKnown: newestFirst
          ? isLive || !query.hasPreviousPage || (top ?? 0) >= (head ?? 0)
          : !query.hasPreviousPage,
        isBottomKnown: !query.hasNextPage,
      }),
    [rows, consumers, topic, newestFirst, isLive, head, top, query.hasNextPage, query.hasPreviousPage],
  );

  const isFiltered = place.filter.types !== undefined || place.filter.key !== undefined;
  const newer =
    !isLive && newestFirst && !isFiltered && top !== undefined && head !== undefined ? Math.max(0, head - top) : 0;
  const select = (next: number | null) => void setParams({ event: next });
  const close = () => {
    if (event !== null) select(null);
  };
  function step(by: 1 | -1) {
    if (rows === undefined || event === null) return;
    const next = rows[rows.findIndex((it) => it.offset === event) + by];
    if (next === undefined) return;
    select(next.offset);
    grid.current?.reveal(next.offset);
  }
  useShortcuts(
    {
      "[": () => step(-1),
      "]": () => step(1),
      Escape: close,
      l: () => void setParams(isLive ? { live: null } : { live: true, start: null, offset: null, time: null }),
    },
    preferences.shortcuts === "on",
  );

  async function showNewest() {
    tail.show();
    if (!isLive) await query.fetchPreviousPage();
    grid.current?.toTop();
  }

  const error = description.error ?? (query.error as ApiError | null);
  return (
    <Page
      isFixed
      crumbs={[
        { label: "Topics", href: "/topics" },
        { label: topic, href: `/topics/${topic}`, isName: true },
        { label: "Events" },
      ]}
      tabs={<TopicTabs topic={topic} current="events" />}
    >
      <BrowseToolbar
        params={params}
        isLive={isLive}
        markers={markersOf(consumers ?? [], topic)}
        seenTypes={[...new Set((rows ?? []).slice(0, 500).map((it) => it.type))].sort()}
        head={head}
        onChange={(change) => void setParams(change)}
      />
      {error !== null ? (
        <Failure
          error={error}
          what="topic"
          all={{ href: "/topics", label: "All topics" }}
          onRetry={() => void query.refetch()}
        />
      ) : (
        <div className="relative flex min-h-0 flex-1">
          <div className="relative flex min-w-0 flex-1 flex-col">
            <NewEventsPill
              count={isLive ? tail.arrived : newer}
              isLive={isLive}
              dropped={isLive ? tail.dropped : 0}
              onShow={() => void showNewest()}
            />
            {rows !== undefined && rows.length === 0 ? (
              <NoEvents
                topic={topic}
                place={place}
                head={head ?? 0}
                isLive={isLive}
                onChange={(change) => void setParams(change)}
              />
            ) : (
              <EventGrid
                ref={grid}
                items={rows === undefined ? undefined : items}
                placeKey={JSON.stringify([place, isLive])}
                startAt={query.data?.pages.find((it) => it.startAt !== null)?.startAt ?? null}
                isPinnedToTop={isLive}
                selected={event}
                onSelect={select}
                isLoadingBelow={query.isFetchingNextPage}
                isEnd={!query.hasNextPage}
                endText={newestFirst ? "The oldest event" : "The newest event"}
                onNearBottom={() => query.hasNextPage && !query.isFetching && void query.fetchNextPage()}
                onNearTop={() =>
                  !isLive && query.hasPreviousPage && !query.isFetching && void query.fetchPreviousPage()
                }
                onAway={setAway}
              />
            )}
          </div>
          {event === null ? null : (
            <EventSheet
              topic={topic}
              offset={event}
              row={rows?.find((it) => it.offset === event)}
              view={params.view}
              onView={(view) => void setParams({ view })}
              onStep={step}
              onClose={close}
              onKey={(next) => void setParams({ key: next, event: null })}
            />
          )}
        </div>
      )}
    </Page>
  );
}
