import type { ConsumerSummary } from "@/server/contract/consumers.ts";
import type { EventRow } from "@/server/contract/events.ts";

export interface Marker {
  readonly consumer: string;
  readonly position: number;
  readonly lag: number;
}

/** A line of the list: an event, or the places of consumers between two events. */
export type ListItem =
  | { readonly kind: "event"; readonly key: string; readonly row: EventRow }
  | { readonly kind: "positions"; readonly key: string; readonly markers: readonly Marker[] };

export function markersOf(consumers: readonly ConsumerSummary[], topic: string): Marker[] {
  return consumers.flatMap(({ consumer, topics }) =>
    topics.filter((it) => it.topic === topic).map(({ position, lag }) => ({ consumer, position, lag })),
  );
}

interface Bounds {
  readonly isNewestFirst: boolean;
  /** The first row is the newest event there is. */
  readonly isTopKnown: boolean;
  /** The last row is the last there is in this direction. */
  readonly isBottomKnown: boolean;
}

/**
 * Weaves the consumers' places into the events. A position lies between the last event it covers and the next one;
 * above the first row or below the last it is drawn only where nothing more can lie between.
 */
export function listItems(rows: readonly EventRow[], markers: readonly Marker[], bounds: Bounds): ListItem[] {
  const { isNewestFirst, isTopKnown, isBottomKnown } = bounds;
  const sorted = markers.toSorted((a, b) => (isNewestFirst ? b.position - a.position : a.position - b.position));
  const items: ListItem[] = [];
  let next = 0;

  /** Takes the markers that belong above a row. */
  function takeAbove(row: EventRow): Marker[] {
    const taken: Marker[] = [];
    for (let marker = sorted[next]; marker !== undefined; marker = sorted[next]) {
      if (isNewestFirst ? marker.position < row.offset : marker.position >= row.offset) break;
      taken.push(marker);
      next += 1;
    }
    return taken;
  }

  rows.forEach((row, index) => {
    const above = takeAbove(row);
    if (above.length > 0 && (index > 0 || isTopKnown)) {
      items.push({ kind: "positions", key: `above-${row.offset}`, markers: above });
    }
    items.push({ kind: "event", key: String(row.offset), row });
  });
  const rest = sorted.slice(next);
  const last = rows.at(-1);
  if (rest.length > 0 && last !== undefined && isBottomKnown) {
    items.push({ kind: "positions", key: `below-${last.offset}`, markers: rest });
  }
  return items;
}
