"use client";

import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import type { EventRow } from "@/server/contract/events.ts";
import { useApi, useApiClient } from "../data/api.ts";
import { type BrowsePlace, isNewestFirst } from "./browse-place.ts";

const PAGE_ROWS = 200;
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
  /** The topic's head before the page was read; a live tail joins there without a gap. */
  readonly headBefore: number;
}

function firstCursor({ start, offset, time }: BrowsePlace): Cursor {
  if (start === "oldest") return { order: "asc", after: 0 };
  if (start === "offset") return { order: "asc", after: Math.max(0, (offset ?? 1) - 1) };
  if (start === "time" && time !== null) return { order: "asc", from: time };
  return { order: "desc" };
}

/** Whether this page was read in the direction opposite to the list's, so that it came the wrong way round. */
const isUpward = (cursor: Cursor, newestFirst: boolean): boolean => (cursor.order === "asc") === newestFirst;

/** The events around a place, more of them above and below as the list is scrolled; cursors are offsets, which never move. */
export function useEventPages(place: BrowsePlace, isLive: boolean) {
  const api = useApi();
  const client = useApiClient();
  const newestFirst = isNewestFirst(place.start);

  const query = useInfiniteQuery({
    queryKey: [...api.events.page.queryKey(), "pages", place, isLive],
    initialPageParam: firstCursor(place),
    queryFn: async ({ pageParam, signal }): Promise<Page> => {
      const headBefore = isLive ? (await client.topics.get.query({ topic: place.topic }, { signal })).head : 0;
      const input = { topic: place.topic, limit: PAGE_ROWS, filter: { ...place.filter } };
      const { rows: read, next } = await client.events.page.query({ ...input, ...pageParam }, { signal });
      const upward = isUpward(pageParam, newestFirst);
      const rows = upward ? read.toReversed() : read;
      const first = rows[0];
      const last = rows.at(-1);
      const forth = newestFirst ? "desc" : "asc";
      const back = newestFirst ? "asc" : "desc";
      const further: Cursor | null = next === null ? null : { order: pageParam.order, after: next };
      if (upward)
        return {
          rows,
          headBefore,
          above: further,
          below: last === undefined ? null : { order: forth, after: last.offset },
        };
      // The first page does not know what lies above it; an empty answer up there says so soon enough.
      const above: Cursor | null =
        first !== undefined ? { order: back, after: first.offset } : newestFirst ? null : { order: "desc" };
      return { rows, headBefore, above, below: further };
    },
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
