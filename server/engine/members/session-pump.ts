import type { EventRow } from "../../contract/events.ts";
import { isSettledBefore } from "../../domain/layout.ts";
import type { PartitionFlow } from "../../domain/partition-flow.ts";
import { partitionOf } from "../../domain/partition-of.ts";
import type { SubscribedTopic } from "../../store/consumers/setup-select.ts";
import { type HeldPartition, lowestScanned, type TopicHead } from "../partitions/held-partition.ts";
import type { TopicReader } from "../topics/log.ts";
import { type DeliveryMarks, type DeliveryText, deliveryJson } from "./delivery-frame.ts";
import type { MemberSession } from "./member-session.ts";

export interface SessionPumpOptions {
  /** Monotonic milliseconds. */
  readonly now: () => number;
  readonly readEvents: (topic: SubscribedTopic, offsets: readonly number[]) => Promise<readonly EventRow[]>;
  readonly onParking: () => void;
  readonly onError: (error: Error) => void;
}

const READ_MAX_EVENTS = 1_000;
const READ_MAX_BYTES = 1024 * 1024;
const RETRY_MS = 500;
/** Events read one by one and delivered in one go: an event may have 1 MiB. */
const SINGLE_AT_ONCE = 64;
const MAX_TIMER_MS = 3_600_000;

/**
 * Brings events to one session, as many as its flows and its member take. One scan per topic serves all partitions of
 * the session; a partition that joins with a lower position takes the scan back, and the others skip what they have
 * looked at. What the flows decide is written at once, without a pause between the decision and the frame.
 */
export class SessionPump {
  readonly #session: MemberSession;
  readonly #options: SessionPumpOptions;
  #readers: ReadonlyMap<number, TopicReader>;
  /** Rises with everything that makes a read under way meaningless. */
  #generation = 0;
  #isRunning = false;
  #isWanted = false;
  #isStopped = false;
  #running: Promise<void> = Promise.resolve();
  /** Numbers of deliveries that are to be sent again, ascending; nothing new goes before them. */
  #again: number[] = [];
  /** An event waits to be the only one in flight, or is: the number of its delivery, 0 while it waits. */
  #alone: number | null = null;
  #retry: NodeJS.Timeout | null = null;
  /** Rings when the next parked event becomes due. */
  #due: NodeJS.Timeout | null = null;

  constructor(session: MemberSession, readers: ReadonlyMap<number, TopicReader>, options: SessionPumpOptions) {
    this.#session = session;
    this.#readers = readers;
    this.#options = options;
  }

  configure(readers: ReadonlyMap<number, TopicReader>): void {
    this.#readers = readers;
    this.interrupt();
  }

  /** A read under way belongs to partitions, or to a setup, that are not the same any more. */
  interrupt(): void {
    this.#generation += 1;
  }

  stop(): void {
    this.#isStopped = true;
    if (this.#retry !== null) clearTimeout(this.#retry);
    if (this.#due !== null) clearTimeout(this.#due);
  }

  /** The member has seen deliveries up to a number: those after it are sent again. */
  sendAgain(after: number): void {
    this.#again = this.#session.log.sendAgain(after, this.#options.now()).map((it) => it.number);
    this.interrupt();
  }

  /** Delivers whatever can be delivered; returns at once. */
  run(): void {
    this.#isWanted = true;
    if (this.#isRunning || this.#isStopped) return;
    this.#isRunning = true;
    this.#running = this.#deliverAll().catch((error: Error) => {
      this.#options.onError(error);
      this.#retryLater();
    });
  }

  /** Resolves at the end of the run under way. */
  async idle(): Promise<void> {
    await this.#running;
  }

  async #deliverAll(): Promise<void> {
    const session = this.#session;
    try {
      while (this.#isWanted && !this.#isStopped) {
        this.#isWanted = false;
        if (await this.#deliverAgain()) this.#isWanted = true;
        if (this.#again.length > 0) continue;
        if (await this.#deliverHeads()) this.#isWanted = true;
        if (this.#deliverReady()) this.#isWanted = true;
        for (const topic of session.setup.topics) if (await this.#advance(topic)) this.#isWanted = true;
        if (!this.#isWanted) {
          session.tellCaughtUp(this.#readers);
          session.outlet?.settleDown();
        }
      }
      this.#awaitDue();
    } finally {
      this.#isRunning = false;
    }
  }

  get #room(): number {
    if (this.#alone !== null) {
      const isBusy = this.#alone === 0 ? this.#session.inFlight > 0 : this.#session.log.get(this.#alone) !== undefined;
      if (isBusy) return 0;
      this.#alone = null;
    }
    return this.#session.room;
  }

  /** Parked events take half of what may be in flight, so that a storm of retries leaves room for the live flow. */
  get #headRoom(): number {
    let heads = 0;
    for (const held of this.#session.held.values()) heads += held.headsInFlight;
    return Math.min(this.#room, Math.ceil(this.#session.setup.maxInFlight / 2) - heads);
  }

  /** Returns true when there may be more of them. */
  async #deliverAgain(): Promise<boolean> {
    const { log, outlet } = this.#session;
    const numbers = this.#again.slice(0, Math.min(SINGLE_AT_ONCE, outlet?.room ?? 0));
    const first = log.get(numbers.find((it) => log.get(it) !== undefined) ?? 0);
    if (first === undefined) {
      this.#again.splice(0, numbers.length);
      return numbers.length > 0;
    }
    // Deliveries of one topic in a row are read together.
    const { topic } = first.place;
    const open = numbers.flatMap((it) => log.get(it) ?? []);
    const end = open.findIndex((it) => it.place.topic.topicId !== topic.topicId);
    const run = end < 0 ? open : open.slice(0, end);
    const generation = this.#generation;
    const rows = await this.#readAt(
      topic,
      run.map((it) => it.place.offset),
    );
    if (generation !== this.#generation || this.#isStopped || this.#session.outlet === null) return false;
    const sent = run.flatMap(({ number, place }) => {
      const row = rows.get(place.offset);
      if (row === undefined || log.get(number) === undefined) return [];
      return [this.#textOf(place.held, { topic, row, number, isRedelivered: true })];
    });
    const last = run.at(-1)?.number ?? 0;
    this.#again = this.#again.filter((it) => it > last);
    this.#session.outlet.deliver(sent);
    return true;
  }

  /** Delivers heads of parked sequences that are due. Returns true when there may be more of them at once. */
  async #deliverHeads(): Promise<boolean> {
    let isMore = false;
    for (const held of this.#session.active()) {
      for (const topic of this.#session.setup.topics) {
        const flow = held.flows.get(topic.topicId);
        const room = Math.min(this.#headRoom, SINGLE_AT_ONCE);
        const due = flow?.due(this.#options.now(), room) ?? [];
        const heads = due.map((it) => ({ ...it, topicId: topic.topicId }));
        if (flow !== undefined && heads.length > 0 && (await this.#deliverDue(held, { topic, flow, due })))
          isMore = true;
      }
    }
    return isMore;
  }

  async #deliverDue(
    held: HeldPartition,
    {
      topic,
      flow,
      due,
    }: {
      readonly topic: SubscribedTopic;
      readonly flow: PartitionFlow<EventRow>;
      readonly due: readonly Omit<TopicHead, "topicId">[];
    },
  ): Promise<boolean> {
    const generation = this.#generation;
    const rows = await this.#readAt(
      topic,
      due.map((it) => it.offset),
    );
    if (generation !== this.#generation || this.#isStopped) return true;
    if (this.#session.held.get(held.partition) !== held) return true;
    const sent: DeliveryText[] = [];
    const room = this.#headRoom;
    for (const head of due) {
      const row = rows.get(head.offset);
      if (row === undefined) throw new Error(`parked event ${topic.topic}/${head.offset} cannot be read`);
      if (sent.length >= room || this.#alone !== null) break;
      const isAlone = head.lostAlone !== null;
      if (isAlone && this.#session.inFlight > 0) {
        this.#alone = 0;
        break;
      }
      const number = this.#session.log.last + 1;
      if (!flow.deliverHead(head, number)) continue;
      this.#session.log.send({ held, topic, offset: head.offset }, this.#options.now());
      sent.push(this.#textOf(held, { topic, row, number, isRedelivered: flow.isAssumed(head.offset) }));
      if (isAlone) this.#alone = number;
    }
    if (sent.length === 0) return false;
    this.#session.outlet?.deliver(sent);
    return true;
  }

  /** Delivers what has waited until one before it was settled. */
  #deliverReady(): boolean {
    const sent: DeliveryText[] = [];
    const room = this.#room;
    for (const held of this.#session.active()) {
      for (const topic of this.#session.setup.topics) {
        const flow = held.flows.get(topic.topicId);
        if (flow === undefined) continue;
        for (let ready = flow.firstReady(); ready !== undefined && sent.length < room; ready = flow.firstReady()) {
          const number = this.#session.log.send({ held, topic, offset: ready.offset }, this.#options.now());
          const { row } = ready;
          flow.deliverReady(number);
          sent.push(this.#textOf(held, { topic, row, number, isRedelivered: flow.isAssumed(row.offset) }));
        }
      }
    }
    if (sent.length > 0) this.#session.outlet?.deliver(sent);
    return sent.length > 0;
  }

  /** One read of one topic. Returns true when another one may find more. */
  async #advance(topic: SubscribedTopic): Promise<boolean> {
    const { topicId } = topic;
    const reader = this.#readers.get(topicId);
    const room = this.#room;
    const active = this.#session.active().filter((held) => held.flows.get(topicId)?.isClosed === false);
    if (reader === undefined || room <= 0 || active.length === 0) return false;
    const after = lowestScanned(active, topicId);
    if (after === undefined || after >= reader.head) return false;
    const generation = this.#generation;
    // A member reads over the other members' partitions, so it asks for as many more as those are.
    const share = Math.ceil((room * this.#session.setup.partitions) / active.length);
    const { rows, through } = await reader.readAfter(after, {
      filter: topic.filter,
      maxEvents: Math.min(READ_MAX_EVENTS, share),
      maxBytes: READ_MAX_BYTES,
    });
    if (generation !== this.#generation || this.#isStopped) return true;
    const flows = active.flatMap((held) => held.flows.get(topicId) ?? []);
    const before = flows.map((it) => it.scanned);
    this.#deliverRows(topic, { rows, through, after, active: new Set(active) });
    // Not by how far it read: where nothing may be delivered that would read the same for ever.
    return flows.some((it, i) => it.scanned !== before[i]);
  }

  /** Offers the rows to their flows, up to where one of them has to stop. */
  #deliverRows(
    topic: SubscribedTopic,
    read: {
      readonly rows: readonly EventRow[];
      readonly through: number;
      readonly after: number;
      readonly active: Set<HeldPartition>;
    },
  ): void {
    const { topicId, liveOnly } = topic;
    const session = this.#session;
    const { partitions, priorLayouts } = session.setup;
    const prior = priorLayouts.filter((it) => it.topicId === topicId);
    const sent: DeliveryText[] = [];
    const now = this.#options.now();
    let room = this.#room;
    let end = read.through;
    let isParking = false;
    for (const row of read.rows) {
      const held = session.held.get(partitionOf(row, partitions));
      const flow = held?.flows.get(topicId);
      if (held === undefined || flow === undefined || !read.active.has(held) || row.offset <= flow.scanned) continue;
      // The flow's scan was taken back during the read: what it needs lies before these rows.
      if (flow.scanned < read.after) continue;
      if (isSettledBefore(prior, row)) continue;
      if (liveOnly.includes(row.type) && held.wasHandled(topicId, row)) continue;
      const offer = flow.offer(row, row);
      if (offer === "park") isParking = true;
      if (offer === "full" && flow.isClosed) {
        // The flow stands before a parked event; the others go on without it.
        read.active.delete(held);
        continue;
      }
      if (offer === "full" || (offer === "deliver" && room <= 0)) {
        end = row.offset - 1;
        break;
      }
      if (offer !== "deliver") continue;
      const number = session.log.send({ held, topic, offset: row.offset }, now);
      flow.deliver(row, number);
      sent.push(this.#textOf(held, { topic, row, number, isRedelivered: flow.isAssumed(row.offset) }));
      room -= 1;
    }
    for (const held of read.active) {
      const flow = held.flows.get(topicId);
      if (flow !== undefined && flow.scanned >= read.after && !flow.isClosed) flow.passTo(end);
    }
    if (sent.length > 0) session.outlet?.deliver(sent);
    if (isParking) this.#options.onParking();
  }

  #textOf(
    held: HeldPartition,
    of: {
      readonly topic: SubscribedTopic;
      readonly row: EventRow;
      readonly number: number;
      readonly isRedelivered: boolean;
    },
  ): DeliveryText {
    const { topic, row, number, isRedelivered } = of;
    const flow = held.flows.get(topic.topicId);
    const template = held.templates.get(topic.topicId);
    if (flow === undefined || template === undefined) throw new Error(`${topic.topic} is not held`);
    const head = flow.headAt(row.offset);
    const marks: DeliveryMarks = {
      offset: row.offset,
      attempt: flow.attemptOf(row.offset),
      isReplay: head?.isReplay ?? held.wasHandled(topic.topicId, row),
      isRedelivered,
      isParked: head !== undefined,
      operationId: head?.operationId ?? null,
    };
    return { id: `${this.#session.id}.${number}`, delivery: deliveryJson(template, marks), event: row.json };
  }

  async #readAt(topic: SubscribedTopic, offsets: readonly number[]): Promise<ReadonlyMap<number, EventRow>> {
    const rows = await this.#options.readEvents(topic, offsets);
    return new Map(rows.map((row) => [row.offset, row]));
  }

  /** Runs again when the next parked event becomes due. */
  #awaitDue(): void {
    if (this.#due !== null) clearTimeout(this.#due);
    this.#due = null;
    if (this.#isStopped || this.#room <= 0) return;
    const now = this.#options.now();
    let dueAt = Number.POSITIVE_INFINITY;
    for (const held of this.#session.active()) {
      for (const flow of held.flows.values()) {
        // Looks again where the time has come: what was due may be in flight by now.
        flow.due(now, 1);
        dueAt = Math.min(dueAt, flow.nextDueAt() ?? Number.POSITIVE_INFINITY);
      }
    }
    if (!Number.isFinite(dueAt)) return;
    // Never at once: what is due now and was not delivered waits for something else, which runs this.
    const inMs = Math.max(10, Math.min(dueAt - now, MAX_TIMER_MS));
    this.#due = setTimeout(() => this.run(), inMs);
    this.#due.unref();
  }

  #retryLater(): void {
    if (this.#isStopped || this.#retry !== null) return;
    this.#retry = setTimeout(() => {
      this.#retry = null;
      this.run();
    }, RETRY_MS);
    this.#retry.unref();
  }
}
