import type { EventRow } from "../contract/events.ts";
import { deliveryCare } from "../domain/delivery-care.ts";
import { isSettledBefore } from "../domain/layout.ts";
import { MAX_SEQUENCES, type ParkedHead, type ParkedHeads } from "../domain/parked-heads.ts";
import { partitionOf } from "../domain/partition-of.ts";
import type { ConsumerSetup, SubscribedTopic } from "../store/consumer-setup-select.ts";
import { type ControlFrame, controlFrame, deliveryFrame, parkedDeliveryFrame } from "./delivery-frame.ts";
import type { EndReason, FrameSink } from "./frame-sink.ts";
import { type HeldDelivery, type HeldPartition, lowestScanned } from "./held-partition.ts";
import type { OverdueDeliveries } from "./server-verdicts.ts";
import type { TopicReader } from "./topic-log.ts";

export interface MemberStreamOptions {
  readonly member: string;
  /** Tells two connections under one name apart. */
  readonly connection: string;
  readonly sink: FrameSink;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  readonly leaseMs: number;
  /** Instead of `MAX_SEQUENCES`. */
  readonly maxSequences?: number | undefined;
  /** Single events of a topic, for deliveries out of the order of offsets. */
  readonly readEvents: (topic: SubscribedTopic, offsets: readonly number[]) => Promise<readonly EventRow[]>;
  /** The member has said nothing about these for too long. */
  readonly onOverdue: (stream: MemberStream, overdue: OverdueDeliveries) => void;
  /** These have ended with the connection of their member too often: they are marked as in flight, and were not sent. */
  readonly onLost: (held: HeldPartition, deliveries: readonly HeldDelivery[]) => void;
  /** Events wait to be parked. */
  readonly onParking: () => void;
  /** A partition that is being handed over has nothing in flight any more. */
  readonly onDrained: () => void;
  readonly onError: (error: Error) => void;
}

const READ_MAX_EVENTS = 1_000;
const READ_MAX_BYTES = 1024 * 1024;
const RETRY_MS = 500;
/** Parked events read and delivered in one go: an event may have 1 MiB. */
const PARKED_AT_ONCE = 64;
/** Events of one topic that may wait to be parked before the stream reads on. */
const MAX_PARKING = 1_000;
const MAX_TIMER_MS = 3_600_000;

/**
 * One connected member: reads its topics, picks the events of its partitions and writes them as frames, at most
 * `maxInFlight` ahead of settlement. One scan per topic serves all its partitions; a partition that joins with a
 * lower position takes the scan back, and the others skip what they have looked at.
 */
export class MemberStream {
  readonly member: string;
  readonly connection: string;
  readonly held = new Map<number, HeldPartition>();
  /** When the member was last renewed, on the monotonic clock. Past the lease nothing is delivered. */
  renewedAt: number;
  /** The position change the member was last told of, or that was in force when it came. */
  knownChange: string | null = null;
  readonly #options: MemberStreamOptions;
  #setup: ConsumerSetup;
  #readers: ReadonlyMap<number, TopicReader>;
  /** Rises with everything that makes a read under way meaningless. */
  #generation = 0;
  #isEnded = false;
  #isPaused = false;
  #isWritable = true;
  #isPumping = false;
  #hasMore = false;
  #isCaughtUp = false;
  #isAssigned = false;
  #isPauseTold = false;
  /** An event waits to be the only one in flight, or is: meanwhile nothing else is delivered. */
  #alone: { readonly topic: SubscribedTopic; readonly isParked: boolean } | null = null;
  #retry: NodeJS.Timeout | null = null;
  /** Rings when the next parked event becomes due. */
  #due: NodeJS.Timeout | null = null;
  #ackTimer: NodeJS.Timeout;

  constructor(setup: ConsumerSetup, readers: ReadonlyMap<number, TopicReader>, options: MemberStreamOptions) {
    this.member = options.member;
    this.connection = options.connection;
    this.#setup = setup;
    this.#readers = readers;
    this.#options = options;
    this.renewedAt = options.now();
    options.sink.onDrain(() => {
      this.#isWritable = true;
      this.pump();
    });
    this.#ackTimer = this.#startAckTimer();
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** It takes nothing new: it is about to be closed. */
  get isPaused(): boolean {
    return this.#isPaused;
  }

  get inFlight(): number {
    let sum = 0;
    for (const held of this.held.values()) sum += held.inFlight;
    return sum;
  }

  /** Takes a changed declaration; which partitions it has is told separately. */
  configure(setup: ConsumerSetup, readers: ReadonlyMap<number, TopicReader>): void {
    const isNewTimeout = setup.ackTimeoutMs !== this.#setup.ackTimeoutMs;
    this.#tellPause(setup);
    this.#setup = setup;
    this.#readers = readers;
    this.#generation += 1;
    for (const held of this.held.values()) held.isTopicOrdered = setup.ordering === "topic";
    if (isNewTimeout) {
      clearInterval(this.#ackTimer);
      this.#ackTimer = this.#startAckTimer();
    }
    this.pump();
  }

  /** Takes partitions, or takes them anew under another epoch: what was in flight of them is forgotten. */
  hold(partitions: readonly HeldPartition[]): void {
    for (const held of partitions) this.held.set(held.partition, held);
    this.#generation += 1;
    this.#isCaughtUp = false;
  }

  /** Lets go of partitions and says so. */
  drop(partitions: readonly number[], reason: string): void {
    for (const partition of partitions) this.held.delete(partition);
    this.#generation += 1;
    this.tell("revoked", { reason, partitions });
  }

  /** Stops delivering from exactly these partitions. */
  drain(partitions: readonly number[]): void {
    for (const held of this.held.values()) {
      const isDraining = partitions.includes(held.partition);
      if (isDraining === (held.drainingSince !== null)) continue;
      held.drainingSince = isDraining ? this.#options.now() : null;
      this.#generation += 1;
    }
  }

  /** Partitions that can be handed over: drained, or drained for too long. */
  drained(drainMs: number): HeldPartition[] {
    const now = this.#options.now();
    return [...this.held.values()].filter(
      ({ drainingSince, inFlight }) => drainingSince !== null && (inFlight === 0 || now - drainingSince >= drainMs),
    );
  }

  /** Tells the member which partitions it has now: always all of them. */
  tellAssignment(): void {
    this.#isAssigned = true;
    this.tell("assignment", { partitions: this.assignment() });
  }

  /** A member on standby hears once that it has nothing yet, and everybody whether the consumer is paused. */
  tellFirstAssignment(): void {
    if (!this.#isAssigned) this.tellAssignment();
    if (!this.#isPauseTold) this.#tellPaused(this.#setup);
    this.#isPauseTold = true;
  }

  assignment(): { partition: number; epoch: number }[] {
    return [...this.held.values()]
      .map(({ partition, epoch }) => ({ partition, epoch }))
      .sort((a, b) => a.partition - b.partition);
  }

  tell(name: ControlFrame, data: object): void {
    if (!this.#isEnded) this.#write(controlFrame(name, data));
  }

  /** Sends nothing new any more; settlements still count. */
  pause(): void {
    this.#isPaused = true;
    this.#generation += 1;
  }

  end(reason: EndReason): void {
    if (this.#isEnded) return;
    this.tell("revoked", { reason, partitions: this.assignment().map((it) => it.partition) });
    this.#isEnded = true;
    clearInterval(this.#ackTimer);
    if (this.#retry !== null) clearTimeout(this.#retry);
    if (this.#due !== null) clearTimeout(this.#due);
    this.held.clear();
    this.#options.sink.end();
  }

  /** Something was settled: there is room again, and a draining partition may be ready. */
  onSettled(): void {
    for (const { drainingSince, inFlight } of this.held.values()) {
      if (drainingSince !== null && inFlight === 0) {
        this.#options.onDrained();
        break;
      }
    }
    this.pump();
  }

  /** Delivers whatever can be delivered; returns at once. */
  pump(): void {
    this.#hasMore = true;
    if (this.#isPumping || this.#isEnded) return;
    this.#isPumping = true;
    this.#run().catch((error: Error) => {
      this.#options.onError(error);
      this.#retryLater();
    });
  }

  async #run(): Promise<void> {
    try {
      while (this.#hasMore && !this.#isEnded) {
        this.#hasMore = false;
        if (await this.#endAlone()) this.#hasMore = true;
        if (await this.#deliverParked()) this.#hasMore = true;
        for (const topic of this.#setup.topics) {
          if (await this.#advance(topic)) this.#hasMore = true;
        }
        if (!this.#hasMore) this.#tellCaughtUp();
      }
      this.#awaitDue();
    } finally {
      this.#isPumping = false;
    }
  }

  /** Once nothing is in flight any more, what waits to be alone goes first: it is the next of its topic. */
  async #endAlone(): Promise<boolean> {
    if (this.#alone === null || this.inFlight > 0) return false;
    const { topic, isParked } = this.#alone;
    this.#alone = null;
    return !isParked && (await this.#advance(topic));
  }

  /** Delivers heads of parked sequences that are due. Returns true when there may be more of them at once. */
  async #deliverParked(): Promise<boolean> {
    // Of a topic-ordered consumer the flow itself comes back to its parked event.
    if (this.#setup.ordering === "topic") return false;
    let isMore = false;
    for (const held of this.#active()) {
      const due = held.dueHeads(this.#options.now(), Math.min(this.#parkedRoom(), PARKED_AT_ONCE));
      for (const topic of this.#setup.topics) {
        const heads = due.filter((it) => it.topicId === topic.topicId);
        if (heads.length > 0 && (await this.#deliverHeads(held, topic, heads))) isMore = true;
      }
    }
    return isMore;
  }

  async #deliverHeads(held: HeldPartition, topic: SubscribedTopic, heads: readonly ParkedHead[]): Promise<boolean> {
    const generation = this.#generation;
    const events = await this.#options.readEvents(
      topic,
      heads.map((it) => it.offset),
    );
    if (generation !== this.#generation || this.#isEnded) return true;
    const template = held.templates.get(topic.topicId);
    if (template === undefined || this.held.get(held.partition) !== held) return true;
    const deadline = this.#options.now() + this.#setup.ackTimeoutMs;
    const byOffset = new Map(events.map((it) => [it.offset, it]));
    const tracker = held.trackers.get(topic.topicId);
    let frames = "";
    const lost: HeldDelivery[] = [];
    for (const head of heads) {
      // After a move back the earlier events of its key run again first.
      if (tracker?.isKeyBusyBefore(head.key, head.offset) === true) continue;
      const event = byOffset.get(head.offset);
      if (event === undefined) throw new Error(`parked event ${topic.topic}/${head.offset} cannot be read`);
      if (this.#parkedRoom() <= 0) break;
      const care = this.#careOf(held, head);
      if (care === "alone") this.#alone = { topic, isParked: true };
      if (care === "alone" && this.inFlight > 0) break;
      if (!held.parked.deliver(head, deadline)) continue;
      if (care === "never") {
        lost.push({ ...head, attempt: head.attempt + 1 });
        continue;
      }
      frames += parkedDeliveryFrame(template, {
        offset: head.offset,
        json: event.json,
        attempt: head.attempt + 1,
        isReplay: head.isReplay,
        operationId: head.operationId,
        isParked: true,
      });
    }
    if (lost.length > 0) this.#options.onLost(held, lost);
    if (frames === "") return false;
    this.#write(frames);
    return true;
  }

  /** Pumps again when the next parked event becomes due. */
  #awaitDue(): void {
    if (this.#due !== null) clearTimeout(this.#due);
    this.#due = null;
    if (this.#isEnded || this.#room() <= 0) return;
    const now = this.#options.now();
    const dueAts = this.#active().map((held) => {
      // Looks again where the time has come: what was due may be in flight by now.
      held.dueHeads(now, 1);
      return held.parked.nextDueAt() ?? Number.POSITIVE_INFINITY;
    });
    const dueAt = Math.min(...dueAts);
    if (!Number.isFinite(dueAt)) return;
    // Never at once: what is due now and was not delivered waits for something else, which pumps.
    const inMs = Math.max(10, Math.min(dueAt - now, MAX_TIMER_MS));
    this.#due = setTimeout(() => this.pump(), inMs);
    this.#due.unref();
  }

  #tellPause(setup: ConsumerSetup): void {
    const before = this.#setup.pause;
    if (setup.pause !== null && setup.pause.reason !== before?.reason) this.#tellPaused(setup);
    if (setup.pause === null && before !== null) this.tell("resumed", {});
  }

  #tellPaused({ pause }: ConsumerSetup): void {
    if (pause !== null) this.tell("paused", { kind: pause.kind, reason: pause.reason, until: pause.until });
  }

  /** One read of one topic. Returns true when another one may find more. */
  async #advance(topic: SubscribedTopic): Promise<boolean> {
    const reader = this.#readers.get(topic.topicId);
    const room = this.#isFull() ? 0 : this.#room();
    const active = this.#active().filter((held) => !this.#isHeldUp(held, topic.topicId));
    if (reader === undefined || room <= 0 || active.length === 0) return false;
    const after = lowestScanned(active, topic.topicId);
    if (after === undefined || after >= reader.head) return false;
    const generation = this.#generation;
    // A member reads over the other members' partitions, so it asks for as many more as those are.
    const share = Math.ceil((room * this.#setup.partitions) / active.length);
    const { rows, through } = await reader.readAfter(after, {
      filter: topic.filter,
      maxEvents: Math.min(READ_MAX_EVENTS, share),
      maxBytes: READ_MAX_BYTES,
    });
    if (generation !== this.#generation || this.#isEnded) return true;
    const trackers = active.map((held) => held.trackers.get(topic.topicId));
    const before = trackers.map((it) => it?.scanned);
    const passed = this.#deliver(topic, rows, after);
    const end = passed ?? through;
    active.forEach((held, i) => {
      const tracker = trackers[i];
      if (tracker !== undefined && tracker.scanned >= after) tracker.passTo(this.#endFor(held, topic.topicId, end));
    });
    // Not by how far it read: where nothing may be delivered that would read the same for ever.
    return trackers.some((it, i) => it?.scanned !== before[i]);
  }

  #isFull(): boolean {
    let sequences = 0;
    for (const held of this.held.values()) sequences += held.parked.size;
    return sequences >= (this.#options.maxSequences ?? MAX_SEQUENCES);
  }

  /** Of a topic-ordered consumer nothing passes a parked event: its partition waits for it. */
  #isHeldUp(held: HeldPartition, topicId: number): boolean {
    if (this.#setup.ordering === "key") return false;
    const head = held.parked.lowest(topicId);
    if (head === undefined) return false;
    const isReached = (held.trackers.get(topicId)?.scanned ?? 0) >= head.offset - 1;
    return (
      isReached && (head.isDead || head.dueAt > this.#options.now() || held.parked.isInFlight(topicId, head.offset))
    );
  }

  #endFor(held: HeldPartition, topicId: number, end: number): number {
    const head = this.#setup.ordering === "key" ? undefined : held.parked.lowest(topicId);
    if (head === undefined) return end;
    return Math.min(end, held.parked.isInFlight(topicId, head.offset) ? head.offset : head.offset - 1);
  }

  /** Sends the rows that are this member's. Returns the last offset looked at when it had to stop before the end. */
  #deliver(topic: SubscribedTopic, rows: readonly EventRow[], after: number): number | undefined {
    const { topicId, liveOnly } = topic;
    const { partitions, ackTimeoutMs, ordering } = this.#setup;
    const prior = this.#setup.priorLayouts.filter((it) => it.topicId === topicId);
    const deadline = this.#options.now() + ackTimeoutMs;
    let room = this.#room();
    let frames = "";
    let stoppedAt: number | undefined;
    let isParking = false;
    for (const row of rows) {
      const held = this.held.get(partitionOf(row, partitions));
      const tracker = held?.trackers.get(topicId);
      const template = held?.templates.get(topicId);
      if (held === undefined || tracker === undefined || template === undefined) continue;
      if (held.drainingSince !== null || row.offset <= tracker.scanned) continue;
      // Its parked event was released, or its scan taken back, during the read: what it needs lies before these rows.
      if (tracker.scanned < after) continue;
      if (tracker.wasSettled(row.offset) || isSettledBefore(prior, row)) continue;
      const isReplay = tracker.isReplay(row.offset);
      if (isReplay && liveOnly.includes(row.type)) continue;
      const place = placeIn(held, topicId, row);
      const care = this.#careOf(held, { topicId, offset: row.offset });
      // A parked event that comes up again lies above a position that was moved back. It goes with those that are
      // behind one, so that the database counts it as passed before it is delivered and released.
      // A discarded event ahead of the position is passed by in the same way.
      if (place === "discarded" && ordering === "topic") continue;
      // What kills its members is parked as well: it is buried from there.
      if ((place !== "free" || care === "never") && ordering === "key") {
        if (tracker.parking >= MAX_PARKING) {
          stoppedAt = row.offset - 1;
          break;
        }
        tracker.park(row.offset, row.key);
        isParking = true;
        continue;
      }
      const head = ordering === "topic" ? held.parked.lowest(topicId) : undefined;
      if (
        head !== undefined &&
        (row.offset > head.offset || (row.offset === head.offset && this.#isHeldUp(held, topicId)))
      )
        continue;
      if (care !== "together") this.#alone = { topic, isParked: false };
      if (room === 0 || (care !== "together" && this.inFlight > 0)) {
        stoppedAt = row.offset - 1;
        break;
      }
      tracker.deliver(row.offset, deadline, row.key);
      if (head?.offset === row.offset) held.parked.deliver(head, deadline);
      const attempt = held.attemptOf(topicId, row.offset);
      if (care === "never") {
        this.#options.onLost(held, [{ topicId, offset: row.offset, attempt }]);
        stoppedAt = row.offset;
        break;
      }
      frames +=
        attempt === 1
          ? deliveryFrame(template, row, isReplay)
          : parkedDeliveryFrame(template, {
              offset: row.offset,
              json: row.json,
              attempt,
              isReplay,
              operationId: null,
              isParked: false,
            });
      room = this.#alone === null ? room - 1 : 0;
    }
    if (frames !== "") this.#write(frames);
    if (isParking) this.#options.onParking();
    return stoppedAt;
  }

  #careOf(held: HeldPartition, { topicId, offset }: { readonly topicId: number; readonly offset: number }) {
    return deliveryCare(held.lostOf(topicId, offset), this.#setup.retry.maxAttempts);
  }

  #room(): number {
    if (this.#isPaused || this.#setup.pause !== null || !this.#isWritable || this.#isEnded) return 0;
    if (this.#alone !== null) return 0;
    if (this.#options.now() - this.renewedAt >= this.#options.leaseMs) return 0;
    return this.#setup.maxInFlight - this.inFlight;
  }

  /** Parked events take half of what may be in flight, so that a storm of retries leaves room for the live flow. */
  #parkedRoom(): number {
    let parked = 0;
    for (const held of this.held.values()) parked += held.parked.inFlight;
    return Math.min(this.#room(), Math.ceil(this.#setup.maxInFlight / 2) - parked);
  }

  #active(): HeldPartition[] {
    return [...this.held.values()].filter((it) => it.drainingSince === null);
  }

  #tellCaughtUp(): void {
    const active = this.#active();
    if (this.#isCaughtUp || active.length === 0 || this.#room() <= 0) return;
    const topics = [];
    for (const { topicId, topic } of this.#setup.topics) {
      const offset = lowestScanned(active, topicId);
      if (offset === undefined || offset < (this.#readers.get(topicId)?.head ?? 0)) return;
      topics.push({ topic, offset });
    }
    this.#isCaughtUp = true;
    this.tell("caught-up", { topics });
  }

  #write(frames: string): void {
    if (!this.#options.sink.write(frames)) this.#isWritable = false;
  }

  #retryLater(): void {
    if (this.#isEnded || this.#retry !== null) return;
    this.#retry = setTimeout(() => {
      this.#retry = null;
      this.pump();
    }, RETRY_MS);
    this.#retry.unref();
  }

  #startAckTimer(): NodeJS.Timeout {
    const everyMs = Math.max(25, Math.min(1_000, this.#setup.ackTimeoutMs / 8));
    const timer = setInterval(() => this.#findOverdue(), everyMs);
    return timer.unref();
  }

  #findOverdue(): void {
    const now = this.#options.now();
    const { ackTimeoutMs } = this.#setup;
    const of = [];
    let isSilent = true;
    for (const held of this.held.values()) {
      if (held.heardAt !== null && held.heardAt >= now - ackTimeoutMs) isSilent = false;
      const deliveries = held.overdue(now);
      if (deliveries.length === 0) continue;
      of.push({ held, deliveries });
      // Once each: until these are parked they must not be found again.
      for (const { topicId, offset } of deliveries) held.extend(topicId, now + ackTimeoutMs, offset);
    }
    if (of.length > 0) this.#options.onOverdue(this, { of, isSilent });
  }
}

/** Another instance may have released a sequence while events of it, found behind it here, wait to be parked still. */
function placeIn(held: HeldPartition, topicId: number, row: EventRow): ReturnType<ParkedHeads["placeOf"]> {
  const place = held.parked.placeOf(topicId, row);
  if (place !== "free" || row.key === null) return place;
  return held.trackers.get(topicId)?.isKeyParking(row.key) === true ? "behind" : "free";
}
