import type { EventRow } from "../../contract/events.ts";
import type { HandledBefore, HandledEvent } from "../../domain/handled-before.ts";
import type { OffsetRanges } from "../../domain/offset-ranges.ts";
import { type CursorState, type ParkedHead, PartitionFlow } from "../../domain/partition-flow.ts";
import type { ConsumerSetup } from "../../store/consumers/setup-select.ts";
import type { BrokenDeliveries } from "../../store/members/delivery-attempts-select.ts";
import { type DeliveryTemplate, deliveryTemplate } from "../members/delivery-frame.ts";

/** The first parked event of a sequence, with its topic. */
export type TopicHead = ParkedHead & { readonly topicId: number };

export interface HeldStart {
  readonly partition: number;
  readonly epoch: number;
  readonly member: string;
  readonly isPipelined: boolean;
  /** By topic id. */
  readonly cursors: ReadonlyMap<number, CursorState>;
  readonly parkedVersion: number;
  readonly heads: readonly TopicHead[];
  readonly discardedAhead: readonly { readonly topicId: number; readonly offset: number }[];
  /** By topic id and offset. */
  readonly broken: ReadonlyMap<string, BrokenDeliveries>;
  /** By topic id: what was handled before this epoch. */
  readonly handled: ReadonlyMap<number, HandledBefore>;
  /** By topic id: what another instance may have delivered to the same session. */
  readonly assumed: ReadonlyMap<number, OffsetRanges>;
}

export interface HeldDelivery {
  readonly topicId: number;
  readonly offset: number;
  readonly attempt: number;
}

/** A partition in the hands of one session, under one epoch. A new epoch is a new object: nothing leaks between two. */
export class HeldPartition {
  readonly partition: number;
  readonly epoch: number;
  readonly member: string;
  /** As of which version of the parked events its heads are. */
  parkedVersion: number;
  /** By topic id. */
  readonly flows = new Map<number, PartitionFlow<EventRow>>();
  readonly templates = new Map<number, DeliveryTemplate>();
  readonly #handled: HeldStart["handled"];
  /** Since when nothing new is delivered from it, because it is to be handed over; null = it is not. */
  drainingSince: number | null = null;

  constructor(setup: ConsumerSetup, start: HeldStart) {
    this.partition = start.partition;
    this.epoch = start.epoch;
    this.member = start.member;
    this.parkedVersion = start.parkedVersion;
    this.#handled = start.handled;
    for (const { topicId, topic } of setup.topics) {
      const cursor = start.cursors.get(topicId);
      if (cursor === undefined) continue;
      const assumed = start.assumed.get(topicId);
      const flow = new PartitionFlow<EventRow>({
        ordering: setup.ordering,
        isPipelined: start.isPipelined,
        cursor,
        heads: start.heads.filter((it) => it.topicId === topicId),
        discardedAhead: start.discardedAhead.filter((it) => it.topicId === topicId).map((it) => it.offset),
        broken: brokenOf(topicId, start.broken),
        ...(assumed !== undefined && { assumed }),
      });
      this.flows.set(topicId, flow);
      this.templates.set(topicId, deliveryTemplate({ topic, partition: start.partition, epoch: start.epoch }));
    }
  }

  /** Whether a member has handled the event before a position was moved, a filter or the partitions were changed. */
  wasHandled(topicId: number, event: HandledEvent): boolean {
    return this.#handled.get(topicId)?.has(event) ?? false;
  }

  get inFlight(): number {
    let sum = 0;
    for (const flow of this.flows.values()) sum += flow.inFlight;
    return sum;
  }

  get headsInFlight(): number {
    let sum = 0;
    for (const flow of this.flows.values()) sum += flow.headsInFlight;
    return sum;
  }

  /** Sequences that stand behind a parked event. */
  get blocked(): number {
    let sum = 0;
    for (const flow of this.flows.values()) sum += flow.blocked;
    return sum;
  }

  get isBehind(): boolean {
    for (const flow of this.flows.values()) if (flow.isBehind) return true;
    return false;
  }

  /** All that is in flight. */
  *inFlightDeliveries(): Generator<HeldDelivery> {
    for (const [topicId, flow] of this.flows) {
      for (const delivery of flow.inFlightDeliveries()) yield { topicId, ...delivery };
    }
  }

  /** Takes over the parked events as they are in the database: operators have changed them. */
  mirror(parked: Pick<HeldStart, "parkedVersion" | "heads" | "discardedAhead">): void {
    this.parkedVersion = parked.parkedVersion;
    for (const [topicId, flow] of this.flows) {
      flow.mirror(
        parked.heads.filter((it) => it.topicId === topicId),
        parked.discardedAhead.filter((it) => it.topicId === topicId).map((it) => it.offset),
      );
    }
  }

  /** The same together with the cursors. Returns the events behind which deliveries were taken back. */
  reconcile(
    cursors: ReadonlyMap<number, CursorState>,
    parked: Pick<HeldStart, "parkedVersion" | "heads" | "discardedAhead">,
  ): { readonly topicId: number; readonly offset: number; readonly key: string | null }[] {
    this.parkedVersion = parked.parkedVersion;
    return [...this.flows].flatMap(([topicId, flow]) => {
      const cursor = cursors.get(topicId);
      if (cursor === undefined) return [];
      const heads = parked.heads.filter((it) => it.topicId === topicId);
      const discardedAhead = parked.discardedAhead.filter((it) => it.topicId === topicId).map((it) => it.offset);
      return flow.reconcile(cursor, { heads, discardedAhead }).map(({ offset, key }) => ({ topicId, offset, key }));
    });
  }
}

/** Up to where all of them have looked at a topic; undefined when none of them reads it. */
export function lowestScanned(partitions: readonly HeldPartition[], topicId: number): number | undefined {
  let lowest: number | undefined;
  for (const held of partitions) {
    const scanned = held.flows.get(topicId)?.scanned;
    if (scanned !== undefined && (lowest === undefined || scanned < lowest)) lowest = scanned;
  }
  return lowest;
}

function brokenOf(
  topicId: number,
  broken: ReadonlyMap<string, BrokenDeliveries>,
): ReadonlyMap<number, BrokenDeliveries> {
  const of = new Map<number, BrokenDeliveries>();
  if (broken.size === 0) return of;
  const prefix = `${topicId} `;
  for (const [place, deliveries] of broken) {
    if (place.startsWith(prefix)) of.set(Number(place.slice(prefix.length)), deliveries);
  }
  return of;
}
