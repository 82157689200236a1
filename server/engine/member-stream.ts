import type { EventRow } from "../contract/events.ts";
import { isSettledBefore } from "../domain/layout.ts";
import { partitionOf } from "../domain/partition-of.ts";
import type { ConsumerSetup, SubscribedTopic } from "../store/consumer-setup-select.ts";
import { controlFrame, deliveryFrame } from "./delivery-frame.ts";
import type { EndReason, FrameSink } from "./frame-sink.ts";
import { type HeldPartition, lowestScanned } from "./held-partition.ts";
import type { TopicReader } from "./topic-log.ts";

export interface MemberStreamOptions {
  readonly member: string;
  /** Tells two connections under one name apart. */
  readonly connection: string;
  readonly sink: FrameSink;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  readonly leaseMs: number;
  readonly onAckTimeout: (stream: MemberStream) => void;
  /** A partition that is being handed over has nothing in flight any more. */
  readonly onDrained: () => void;
  readonly onError: (error: Error) => void;
}

const READ_MAX_EVENTS = 1_000;
const READ_MAX_BYTES = 1024 * 1024;
const RETRY_MS = 500;

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
  #retry: NodeJS.Timeout | null = null;
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
    this.#setup = setup;
    this.#readers = readers;
    this.#generation += 1;
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

  /** A member on standby hears once that it has nothing yet. */
  tellFirstAssignment(): void {
    if (!this.#isAssigned) this.tellAssignment();
  }

  assignment(): { partition: number; epoch: number }[] {
    return [...this.held.values()]
      .map(({ partition, epoch }) => ({ partition, epoch }))
      .sort((a, b) => a.partition - b.partition);
  }

  tell(name: "assignment" | "revoked" | "reset" | "caught-up", data: object): void {
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
        for (const topic of this.#setup.topics) {
          if (await this.#advance(topic)) this.#hasMore = true;
        }
        if (!this.#hasMore) this.#tellCaughtUp();
      }
    } finally {
      this.#isPumping = false;
    }
  }

  /** One read of one topic. Returns true when another one may find more. */
  async #advance(topic: SubscribedTopic): Promise<boolean> {
    const reader = this.#readers.get(topic.topicId);
    const room = this.#room();
    const active = this.#active();
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
    const passed = this.#deliver(topic.topicId, rows);
    const end = passed ?? through;
    for (const held of active) held.trackers.get(topic.topicId)?.passTo(end);
    return end > after;
  }

  /** Sends the rows that are this member's. Returns the last offset looked at when it had to stop before the end. */
  #deliver(topicId: number, rows: readonly EventRow[]): number | undefined {
    const { partitions, ackTimeoutMs } = this.#setup;
    const prior = this.#setup.priorLayouts.filter((it) => it.topicId === topicId);
    const deadline = this.#options.now() + ackTimeoutMs;
    let room = this.#room();
    let frames = "";
    let stoppedAt: number | undefined;
    for (const row of rows) {
      const held = this.held.get(partitionOf(row, partitions));
      const tracker = held?.trackers.get(topicId);
      const template = held?.templates.get(topicId);
      if (held === undefined || tracker === undefined || template === undefined) continue;
      if (held.drainingSince !== null || row.offset <= tracker.scanned) continue;
      if (tracker.wasSettled(row.offset) || isSettledBefore(prior, row)) continue;
      if (room === 0) {
        stoppedAt = row.offset - 1;
        break;
      }
      tracker.deliver(row.offset, deadline);
      frames += deliveryFrame(template, row, row.offset <= tracker.replayUntil);
      room -= 1;
    }
    if (frames !== "") this.#write(frames);
    return stoppedAt;
  }

  #room(): number {
    if (this.#isPaused || !this.#isWritable || this.#isEnded) return 0;
    if (this.#options.now() - this.renewedAt >= this.#options.leaseMs) return 0;
    return this.#setup.maxInFlight - this.inFlight;
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
    const timer = setInterval(() => {
      const now = this.#options.now();
      if ([...this.held.values()].some((held) => held.isOverdue(now))) this.#options.onAckTimeout(this);
    }, everyMs);
    return timer.unref();
  }
}
