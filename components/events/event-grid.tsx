"use client";

import { useVirtualizer } from "@tanstack/react-virtual";
import { type KeyboardEvent, type Ref, useId, useImperativeHandle, useLayoutEffect, useRef, useState } from "react";
import { usePreferences } from "../preferences/preferences-provider.tsx";
import { Skeleton } from "../ui/skeleton.tsx";
import { EVENT_COLUMNS, EventLine } from "./event-line.tsx";
import type { ListItem } from "./list-items.ts";
import { PositionLine } from "./position-line.tsx";

export interface EventGridHandle {
  toTop(): void;
  reveal(offset: number): void;
}

interface EventGridProps {
  readonly ref: Ref<EventGridHandle>;
  /** Undefined while the first page is loaded. */
  readonly items: readonly ListItem[] | undefined;
  /** Names the place that is browsed; another place starts at the top. */
  readonly placeKey: string;
  /** The row another place begins at; null = the first. */
  readonly startAt: number | null;
  /** New rows at the top are meant to push the others down, as long as the top is in view. */
  readonly isPinnedToTop: boolean;
  readonly selected: number | null;
  readonly onSelect: (offset: number) => void;
  readonly isLoadingBelow: boolean;
  readonly isEnd: boolean;
  readonly endText: string;
  readonly onNearBottom: () => void;
  readonly onNearTop: () => void;
  /** Whether the person has scrolled away from the top. */
  readonly onAway: (isAway: boolean) => void;
}

const ROW_PX = { compact: 32, comfortable: 40 };
const POSITION_PX = 24;
const HEAD_PX = 32;
const NEAR_ROWS = 40;
const NEAR_TOP_PX = 300;
const NONE: readonly ListItem[] = [];
const SKELETON_ROWS = Array.from({ length: 20 }, (_, index) => index);

export function EventGrid(props: EventGridProps) {
  const {
    ref,
    items = NONE,
    placeKey,
    startAt,
    isPinnedToTop,
    selected,
    onSelect,
    isLoadingBelow,
    isEnd,
    endText,
  } = props;
  const id = useId();
  const { preferences } = usePreferences();
  const scroller = useRef<HTMLDivElement>(null);
  const [cursor, setCursor] = useState<number | null>(null);
  /** The line at the top of the view and how far it is scrolled past; kept in place when lines come in above it. */
  const anchor = useRef<{ key: string; byPx: number; place: string } | null>(null);
  const lastTop = useRef(0);
  const rowPx = ROW_PX[preferences.density];

  const virtualizer = useVirtualizer({
    count: items.length,
    getScrollElement: () => scroller.current,
    estimateSize: (index) => (items[index]?.kind === "positions" ? POSITION_PX : rowPx),
    getItemKey: (index) => items[index]?.key ?? index,
    overscan: 12,
    paddingStart: HEAD_PX,
    scrollPaddingStart: HEAD_PX,
  });

  const reveal = (offset: number) => {
    const index = items.findIndex((it) => it.kind === "event" && it.row.offset === offset);
    if (index >= 0) virtualizer.scrollToIndex(index, { align: "auto" });
  };
  useImperativeHandle(ref, () => ({ toTop: () => scroller.current?.scrollTo({ top: 0 }), reveal }));

  function hold(scrollTop: number) {
    const first = virtualizer.getVirtualItems().find((it) => it.end > scrollTop + HEAD_PX);
    const item = first === undefined ? undefined : items[first.index];
    if (first === undefined || item === undefined) return;
    anchor.current = { key: item.key, byPx: scrollTop + HEAD_PX - first.start, place: placeKey };
  }

  // The outside system: the scroll position of the list, which the browser would leave on other events.
  useLayoutEffect(() => {
    const element = scroller.current;
    if (element === null || items.length === 0) return;
    // From the sizes alone: the virtualizer measures later than this runs.
    const startOf = (index: number): number =>
      items.slice(0, index).reduce((sum, it) => sum + (it.kind === "positions" ? POSITION_PX : rowPx), 0);
    const held = anchor.current;
    if (held === null || held.place !== placeKey) {
      const index = items.findIndex((it) => it.kind === "event" && it.row.offset === startAt);
      element.scrollTop = index < 0 ? 0 : startOf(index);
      const key = items[Math.max(0, index)]?.key;
      anchor.current = key === undefined ? null : { key, byPx: 0, place: placeKey };
      return;
    }
    if (isPinnedToTop && element.scrollTop <= 1) return;
    const index = items.findIndex((it) => it.key === held.key);
    if (index < 0) return;
    const wanted = startOf(index) + held.byPx;
    if (Math.abs(element.scrollTop - wanted) > 1) element.scrollTop = wanted;
  }, [items, placeKey, startAt, isPinnedToTop, rowPx]);

  function onScroll() {
    const element = scroller.current;
    if (element === null) return;
    const { scrollTop } = element;
    const isUpward = scrollTop < lastTop.current;
    lastTop.current = scrollTop;
    hold(scrollTop);
    props.onAway(scrollTop > rowPx);
    const last = virtualizer.getVirtualItems().at(-1);
    if (last !== undefined && last.index >= items.length - NEAR_ROWS) props.onNearBottom();
    if (isUpward && scrollTop < NEAR_TOP_PX) props.onNearTop();
  }

  function onKeyDown(event: KeyboardEvent) {
    const offsets = items.flatMap((it) => (it.kind === "event" ? [it.row.offset] : []));
    const at = offsets.indexOf(cursor ?? selected ?? -1);
    const steps: Record<string, number> = {
      ArrowDown: 1,
      ArrowUp: -1,
      PageDown: 20,
      PageUp: -20,
      Home: -at,
      End: offsets.length,
    };
    const by = steps[event.key];
    if (by !== undefined) {
      event.preventDefault();
      const next = offsets[Math.min(offsets.length - 1, Math.max(0, at + by))];
      if (next === undefined) return;
      setCursor(next);
      reveal(next);
      if (selected !== null) onSelect(next);
    } else if ((event.key === "Enter" || event.key === " ") && cursor !== null) {
      event.preventDefault();
      onSelect(cursor);
    }
  }

  return (
    // biome-ignore lint/a11y/useSemanticElements: a virtualised grid scrolls as a whole, which a table cannot
    <div
      ref={scroller}
      role="grid"
      aria-label="Events"
      aria-rowcount={-1}
      aria-activedescendant={cursor === null ? undefined : `${id}-${cursor}`}
      tabIndex={0}
      onScroll={onScroll}
      onKeyDown={onKeyDown}
      className="@container min-h-0 flex-1 overflow-auto outline-none [overflow-anchor:none] focus-visible:shadow-[inset_0_0_0_2px_var(--accent)]"
    >
      <div
        className="relative min-w-[640px]"
        style={{ height: props.items === undefined ? undefined : virtualizer.getTotalSize() + rowPx }}
      >
        {/* biome-ignore lint/a11y/useSemanticElements: part of the grid above */}
        {/* biome-ignore lint/a11y/useFocusableInteractive: a row of headers does nothing */}
        <div
          role="row"
          className={`sticky top-0 z-[5] grid h-8 items-center border-line border-b bg-canvas px-5 font-medium text-muted text-xs ${EVENT_COLUMNS}`}
        >
          {["Offset", "Recorded", "Type", "Key", "Data"].map((name) => (
            // biome-ignore lint/a11y/useSemanticElements: part of the grid above
            // biome-ignore lint/a11y/useFocusableInteractive: it cannot be sorted by
            <div
              key={name}
              role="columnheader"
              className={name === "Offset" ? "text-right" : name === "Data" ? "@max-4xl:hidden" : ""}
            >
              {name}
            </div>
          ))}
        </div>
        {props.items === undefined
          ? SKELETON_ROWS.map((row) => (
              <div
                key={row}
                aria-hidden="true"
                className={`grid h-(--row) items-center border-line border-b px-5 ${EVENT_COLUMNS}`}
              >
                <Skeleton className="ml-auto h-3 w-14" />
                <Skeleton className="h-3 w-36" />
                <Skeleton className="h-3 w-28" />
                <Skeleton className="h-3 w-20" />
                <Skeleton className="h-3 w-2/3" />
              </div>
            ))
          : virtualizer.getVirtualItems().map((line) => {
              const item = items[line.index];
              if (item === undefined) return null;
              const style = { height: line.size, transform: `translateY(${line.start}px)` };
              return item.kind === "positions" ? (
                <PositionLine key={line.key} markers={item.markers} style={style} />
              ) : (
                <EventLine
                  key={line.key}
                  id={`${id}-${item.row.offset}`}
                  row={item.row}
                  style={style}
                  isSelected={item.row.offset === selected}
                  isCursor={item.row.offset === cursor}
                  onSelect={() => {
                    setCursor(item.row.offset);
                    onSelect(item.row.offset);
                  }}
                />
              );
            })}
        {props.items === undefined ? null : (
          // biome-ignore lint/a11y/useSemanticElements: part of the grid above
          // biome-ignore lint/a11y/useFocusableInteractive: it says where the list ends
          <div role="row" className="absolute bottom-0 left-0 w-full">
            {/* biome-ignore lint/a11y/useSemanticElements: part of the grid above */}
            {/* biome-ignore lint/a11y/useFocusableInteractive: it says where the list ends */}
            <div role="gridcell" className="flex h-(--row) items-center justify-center text-faint text-xs">
              {isLoadingBelow ? "Loading" : isEnd ? endText : ""}
            </div>
          </div>
        )}
      </div>
    </div>
  );
}
