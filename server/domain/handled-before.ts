import { type EventFilter, passes } from "./event-filter.ts";
import type { PriorLayout } from "./layout.ts";
import { OffsetRanges } from "./offset-ranges.ts";
import { sequenceHash } from "./partition-of.ts";
import { inAll, inAny, inFirstOnly } from "./range-sets.ts";

/** An earlier layout, and what of it the next one handled all the same. */
export interface PassedLayout extends PriorLayout {
  /** Were parked, and not handled, when the stretch began. */
  readonly waiting: OffsetRanges;
}

/**
 * What a consumer handled of one topic while it had one number of partitions, one filter and the same earlier layouts.
 * Cursors come past more than their members handle, so each part takes something away: events that the filter excludes,
 * and events that an earlier layout had come past, were never delivered.
 */
export interface HandledLayer {
  readonly partitions: number;
  readonly filter: EventFilter;
  readonly prior: readonly PassedLayout[];
  /** By partition; of an event the offsets of its own partition count. One that is missing holds nothing. */
  readonly offsets: readonly (OffsetRanges | undefined)[];
}

/** What has to be known of an event to tell whether it was handled. */
export interface HandledEvent {
  readonly offset: number;
  readonly key: string | null;
  readonly type: string;
}

/** Whether the layer's partition came past the offset, whatever the filter makes of the event. */
export function reaches({ partitions, prior, offsets }: HandledLayer, at: { offset: number; hash: number }): boolean {
  if (offsets[at.hash % partitions]?.has(at.offset) !== true) return false;
  return !prior.some((it) => {
    if (at.offset > it.endsAt || it.waiting.has(at.offset)) return false;
    const cursor = it.cursors.get(at.hash % it.partitions);
    return cursor !== undefined && (at.offset <= cursor.position || cursor.settled.has(at.offset));
  });
}

/** The offsets that the layer reaches whatever their partition is, and those for which that depends on it. */
export function reachOf({ partitions, prior, offsets }: HandledLayer): {
  readonly all: OffsetRanges;
  readonly mixed: OffsetRanges;
} {
  const own = Array.from({ length: partitions }, (_, partition) => offsets[partition] ?? new OffsetRanges());
  let all = inAll(own);
  let some = inAny(own);
  for (const layout of prior) {
    const passed = Array.from({ length: layout.partitions }, (_, partition) => {
      const cursor = layout.cursors.get(partition);
      return cursor === undefined ? new OffsetRanges() : inAny([[[1, cursor.position]], cursor.settled]);
    });
    all = inFirstOnly(all, inFirstOnly(inAny(passed), layout.waiting));
    some = inFirstOnly(some, inFirstOnly(inAll(passed), layout.waiting));
  }
  return { all, mixed: inFirstOnly(some, all) };
}

/** The events of one topic that a consumer has handled before: what is delivered of these is a replay. */
export class HandledBefore {
  readonly layers: readonly HandledLayer[];
  /** Beyond it nothing was handled: the live flow asks for every event, and stops here. */
  readonly #last: number;

  constructor(layers: readonly HandledLayer[]) {
    this.layers = layers;
    this.#last = Math.max(0, ...layers.flatMap((it) => it.offsets.map((of) => of?.last ?? 0)));
  }

  has(event: HandledEvent): boolean {
    const { offset } = event;
    if (offset > this.#last) return false;
    const hash = sequenceHash(event);
    return this.layers.some((it) => reaches(it, { offset, hash }) && passes(it.filter, event));
  }
}
