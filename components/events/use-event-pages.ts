"use client";

import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import type { EventRow } from "@/server/contract/events.ts";
import { useApi, useApiClient } from "../data/api.ts";
import { type BrowsePlace, isNewestFirst } from "./browse-place.ts";

const PAGE_ROWS = 200;
/** Rows before the place one starts at, so that it can be scrolled up from there. */
const ROWS_BEFORE = 50;
/** Pages kept in memory; what scrolled far out of sight is read again when one comes back. */
const MAX_PAGES = 25;

type Cursor =
  | { readonly order: "asc" | "desc"; readonly after?: number }
  | { readonly order: "asc"; readonly from: string };

interface Page {
  /** In the order of the list. */
  readonly rows: readonly EventRow[];
  readonly above: Cursor | null;
  readonly below: Cursor | null;
  /** The row to begin at, when rows above it are here already. */
  readonly startAt: number | null;
  /** The topic's head before the page was read; a live tail joins there without a gap. */
  readonly headBefore: number;
}

function firstCursor({ start, offset, time }: BrowsePlace): Cursor {
  if (start === "oldest") return { order: "asc", after: 0 };
  if (start === "offset") return { order: "asc", after: Math.max(0, (offset ?? 1) - 1) };
  if (start === "time" && time !== null) return { order: "asc", from: time };
  return { order: "desc" };
}

/** The events around a place, more of them above and below as the list is scrolled; cursors are offsets, which never move. */
export function useEventPages(place: BrowsePlace, isLive: boolean) {
  const api = useApi();
  const client = useApiClient();
  const newestFirst = isNewestFirst(place.start);
  const first = firstCursor(place);

  async function readPage(cursor: Cursor, signal: AbortSignal): Promise<Page> {
    const read = (at: Cursor, limit: number) =>
      client.events.page.query({ topic: place.topic, limit, filter: { ...place.filter }, ...at }, { signal });
    const headBefore = isLive ? (await client.topics.get.query({ topic: place.topic }, { signal })).head : 0;
    const { rows: found, next } = await read(cursor, PAGE_ROWS);
    const further: Cursor | null = next === null ? null : { order: cursor.order, after: next };

    // Ascending in a list that runs down from the newest, or the other way round: it was read towards the top.
    if ((cursor.order === "asc") === newestFirst) {
      const rows = found.toReversed();
      const last = rows.at(-1);
      const below: Cursor | null =
        last === undefined ? null : { order: newestFirst ? "desc" : "asc", after: last.offset };
      return { rows, above: further, below, startAt: null, headBefore };
    }
    const top = found[0];
    if (newestFirst) {
      const above: Cursor | null = top === undefined ? null : { order: "asc", after: top.offset };
      return { rows: found, above, below: further, startAt: null, headBefore };
    }
    const back: Cursor = top === undefined ? { order: "desc" } : { order: "desc", after: top.offset };
    const isStart = place.start !== "oldest" && JSON.stringify(cursor) === JSON.stringify(first);
    if (!isStart) return { rows: found, above: back, below: further, startAt: null, headBefore };
    const before = await read(back, ROWS_BEFORE);
    return {
      rows: [...before.rows.toReversed(), ...found],
      above: before.next === null ? null : { order: "desc", after: before.next },
      below: further,
      startAt: top?.offset ?? null,
      headBefore,
    };
  }

  const query = useInfiniteQuery({
    queryKey: [...api.events.page.queryKey(), "pages", place, isLive],
    initialPageParam: first,
    queryFn: ({ pageParam, signal }) => readPage(pageParam, signal),
    getNextPageParam: (page) => page.below ?? undefined,
    getPreviousPageParam: (page) => page.above ?? undefined,
    maxPages: MAX_PAGES,
    gcTime: 0,
    staleTime: Number.POSITIVE_INFINITY,
    placeholderData: keepPreviousData,
  });

  const rows = useMemo(() => query.data?.pages.flatMap((page) => page.rows), [query.data]);
  return { query, rows, newestFirst };
}
