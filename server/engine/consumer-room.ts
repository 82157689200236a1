import { setTimeout as delay } from "node:timers/promises";
import { planLeases } from "../domain/lease-plan.ts";
import { type ParkedHead, ParkedHeads } from "../domain/parked-heads.ts";
import { type ConsumerSetup, selectConsumerSetup } from "../store/consumer-setup-select.ts";
import { type HeldPartition as HeldRow, selectHeldCursors } from "../store/cursor-held-select.ts";
import type { Database } from "../store/database.ts";
import { selectBrokenDeliveries } from "../store/delivery-attempts-select.ts";
import { claimLeases } from "../store/lease-claim.ts";
import { releaseLeases } from "../store/lease-release.ts";
import { type LeasesView, selectLeaseViews } from "../store/lease-views-select.ts";
import { onClock, type PartitionHeads, selectPartitionHeads } from "../store/parked-heads-select.ts";
import { selectLastPositionChange } from "../store/position-change-last.ts";
import { deletePassedLayouts } from "../store/position-layouts-delete.ts";
import { consumerChannel, parkedChannel } from "./consumer-channels.ts";
import { HeldPartition } from "./held-partition.ts";
import type { MemberStream } from "./member-stream.ts";
import { reconcileHeld } from "./reconcile-held.ts";
import { RoomReaders } from "./room-readers.ts";
import type { TopicReader, TopicReaders } from "./topic-log.ts";
import type { Wakeups } from "./wakeups.ts";

export interface ConsumerRoomOptions {
  readonly database: Database;
  readonly topicReaders: TopicReaders;
  readonly wakeups: Pick<Wakeups, "announce" | "listen">;
  /** This process: it holds what its members have. */
  readonly instance: string;
  readonly leaseMs: number;
  /** How long a surplus partition waits for its deliveries in flight before it is handed over all the same. */
  readonly drainMs: number;
  readonly now: () => number;
  /** The parked events of partitions held here have changed elsewhere: `reloadParked` has to follow. */
  readonly onParkedChanged: (setup: ConsumerSetup) => void;
  /** A topic-ordered consumer stands before an event that is out of attempts, and is not halted. */
  readonly onDeadEnd: (setup: ConsumerSetup, reason: string) => void;
  /** Events wait to be parked. */
  readonly onParking: (setup: ConsumerSetup) => void;
  readonly onError: (error: Error) => void;
}

// A claim that found leases locked by a settlement tries again this soon: settlements last a few milliseconds.
const CLAIM_AGAIN_MS = 50;
const MAX_TIMER_MS = 3_600_000;

/**
 * One consumer at this instance: its members here, what they hold, and how that follows the database. Everything that
 * reads the leases and acts on them happens in `refresh`, one run at a time, so no two decisions cross.
 */
export class ConsumerRoom {
  readonly streams = new Map<string, MemberStream>();
  readonly #options: ConsumerRoomOptions;
  readonly #stopListening: (() => void)[] = [];
  readonly #stop = new AbortController();
  #setup: ConsumerSetup;
  readonly #readers: RoomReaders;
  #refreshing: Promise<void> | null = null;
  #isRefreshWanted = false;
  /** Rises with every refresh: a view read before one is old after it. */
  #version = 0;
  #pauseEnd: NodeJS.Timeout | null = null;
  #isReloadWanted = false;

  private constructor(setup: ConsumerSetup, options: ConsumerRoomOptions) {
    this.#setup = setup;
    this.#options = options;
    this.#readers = new RoomReaders(options.topicReaders, () => {
      for (const stream of this.streams.values()) stream.pump();
    });
  }

  static async open(setup: ConsumerSetup, options: ConsumerRoomOptions): Promise<ConsumerRoom> {
    const room = new ConsumerRoom(setup, options);
    room.#awaitPauseEnd();
    try {
      await room.#readers.follow(setup.topics);
    } catch (error) {
      room.close();
      throw error;
    }
    const { wakeups } = options;
    room.#stopListening.push(
      wakeups.listen(consumerChannel(setup.consumerId), () => room.refresh()),
      wakeups.listen(parkedChannel(setup.consumerId), () => options.onParkedChanged(room.setup)),
    );
    return room;
  }

  get setup(): ConsumerSetup {
    return this.#setup;
  }

  get readers(): ReadonlyMap<number, TopicReader> {
    return this.#readers.byTopic;
  }

  /** The database does not know yet how far partitions held here have come. */
  get isBehind(): boolean {
    for (const held of this.held()) for (const tracker of held.trackers.values()) if (tracker.isBehind) return true;
    return false;
  }

  get version(): number {
    return this.#version;
  }

  holder(partition: number): HeldPartition | undefined {
    let newest: HeldPartition | undefined;
    for (const stream of this.streams.values()) {
      const held = stream.held.get(partition);
      if (held !== undefined && (newest === undefined || held.epoch > newest.epoch)) newest = held;
    }
    return newest;
  }

  *held(): Generator<HeldPartition> {
    for (const stream of this.streams.values()) yield* stream.held.values();
  }

  close(): void {
    this.#stop.abort();
    if (this.#pauseEnd !== null) clearTimeout(this.#pauseEnd);
    for (const stop of this.#stopListening) stop();
    this.#readers.release();
  }

  /** Brings members and leases here in line with the database; runs that are wanted meanwhile become one. */
  refresh(): Promise<void> {
    this.#isRefreshWanted = true;
    this.#refreshing ??= this.#refreshAll().finally(() => {
      this.#refreshing = null;
      if (this.#isRefreshWanted && !this.#stop.signal.aborted) void this.refresh();
    });
    return this.#refreshing;
  }

  /** The same from a view that was read for all consumers at once, unless something has happened since. */
  refreshFrom(view: LeasesView, version: number): Promise<void> {
    if (this.#refreshing !== null || version !== this.#version) return this.refresh();
    this.#refreshing = this.#guarded(() => this.#apply(view)).finally(() => {
      this.#refreshing = null;
      if (this.#isRefreshWanted && !this.#stop.signal.aborted) void this.refresh();
    });
    return this.#refreshing;
  }

  /** Takes over cursors and parked events as they are now. Only between two groups of settlements: both change the same marks. */
  async reloadParked(): Promise<void> {
    const held = [...this.held()];
    if (held.length === 0) return;
    const rows = await this.#readParked(held.map((it) => it.partition));
    // A parked event that is gone may be settled, and its delivery in flight here still.
    await reconcileHeld(this.#options.database.pool, this.#setup.consumerId, held);
    for (const row of rows) {
      const holder = this.holder(row.partition);
      if (holder === undefined || holder.epoch !== row.epoch || holder.parked.version === row.version) continue;
      const fresh = holder.parked.replace(row.version, this.#onClock(row), row.discardedAhead);
      for (const head of fresh) this.#takeBack(holder, head);
    }
    this.#options.onParking(this.#setup);
    for (const stream of this.streams.values()) stream.onSettled();
  }

  /** An event was parked: what was delivered after it of its sequence comes again in its turn. */
  #takeBack(holder: HeldPartition, head: ParkedHead): void {
    // A replay puts back what was settled before: what is with the members already may be finished.
    if (head.isReplay) return;
    const tracker = holder.trackers.get(head.topicId);
    if (this.#setup.ordering === "topic") {
      if ((tracker?.scanned ?? 0) >= head.offset) tracker?.rewindTo(head.offset);
    } else if (head.key !== null) tracker?.takeBack(head.key, head.offset);
    this.tellParked(holder, head);
  }

  tellParked(
    { partition, epoch }: Pick<HeldPartition, "partition" | "epoch">,
    at: { readonly topicId: number; readonly offset: number; readonly key: string | null },
  ): void {
    const topic = this.#setup.topics.find((it) => it.topicId === at.topicId)?.topic;
    for (const stream of this.streams.values()) {
      if (stream.held.get(partition)?.epoch !== epoch) continue;
      // Of a topic-ordered consumer everything after it is taken back, whatever its key.
      const key = this.#setup.ordering === "topic" ? null : at.key;
      stream.tell("parked", { topic, partition, offset: at.offset, key });
    }
  }

  #readParked(partitions: readonly number[]): Promise<PartitionHeads[]> {
    const { consumerId, partitions: layoutPartitions } = this.#setup;
    return selectPartitionHeads(this.#options.database.pool, { consumerId, partitions, layoutPartitions });
  }

  #onClock({ heads }: PartitionHeads): ParkedHead[] {
    const now = this.#options.now();
    return heads.map((it) => onClock(it, now));
  }

  async #refreshAll(): Promise<void> {
    while (this.#isRefreshWanted && !this.#stop.signal.aborted) {
      this.#isRefreshWanted = false;
      await this.#guarded(async () => {
        const [view] = await selectLeaseViews(this.#options.database.pool, [this.#setup.consumerId]);
        if (view !== undefined) await this.#apply(view);
      });
    }
  }

  async #guarded(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!this.#stop.signal.aborted) this.#options.onError(error as Error);
    }
  }

  async #apply(view: LeasesView): Promise<void> {
    this.#version += 1;
    const { pool } = this.#options.database;
    const { updatedAt, layout, priorLayouts, consumerId } = this.#setup;
    const isPassed = priorLayouts.length > 0 && (await deletePassedLayouts(pool, consumerId)) > 0;
    const isWanted = this.#isReloadWanted;
    this.#isReloadWanted = false;
    if (isPassed || isWanted || view.updatedAt !== updatedAt || view.layout !== layout) await this.#reload();
    for (const stream of [...this.streams.values()]) {
      if (!stream.isEnded) await this.#align(stream, view);
    }
    this.#findParkedChanged(view);
  }

  /** A wake-up that tells of changed parked events may be lost. */
  #findParkedChanged({ leases }: LeasesView): void {
    const isChanged = leases.some(({ partition, epoch, parkedVersion }) => {
      const holder = this.holder(partition);
      return holder?.epoch === epoch && holder.parked.version !== parkedVersion;
    });
    if (isChanged) this.#options.onParkedChanged(this.#setup);
  }

  async #reload(): Promise<void> {
    const setup = await selectConsumerSetup(this.#options.database.pool, { consumerId: this.#setup.consumerId });
    if (setup === null) return;
    await this.#readers.follow(setup.topics);
    // From here on in one go: a member with the partitions of one layout and the leases of another would deliver the
    // wrong events under a valid epoch.
    const isRelayout = setup.layout !== this.#setup.layout;
    this.#setup = setup;
    this.#awaitPauseEnd();
    for (const stream of this.streams.values()) {
      if (isRelayout && stream.held.size > 0) stream.drop([...stream.held.keys()], "partitions-changed");
      stream.configure(setup, this.readers);
    }
  }

  /** A pause with an end ends by itself: the setup, read again after it, has none. */
  #awaitPauseEnd(): void {
    if (this.#pauseEnd !== null) clearTimeout(this.#pauseEnd);
    const endsInMs = this.#setup.pause?.endsInMs;
    if (endsInMs === undefined || endsInMs === null) return;
    const inMs = Math.min(endsInMs + 20, MAX_TIMER_MS);
    this.#pauseEnd = setTimeout(() => {
      this.#isReloadWanted = true;
      void this.refresh();
    }, inMs);
    this.#pauseEnd.unref();
  }

  /** Makes one member's partitions what the leases say, then moves towards its fair share. */
  async #align(stream: MemberStream, view: LeasesView): Promise<void> {
    this.#dropLost(stream, view);
    // Replaced, or expired while the database was away: its next heartbeat tells which, and until then it claims nothing.
    if (!view.members.some((it) => it.connection === stream.connection)) return;
    await this.#takeMoved(stream, view);
    const plan = planLeases({
      leases: view.leases,
      members: view.members.map((it) => it.member),
      member: stream.member,
    });
    stream.drain(plan.release);
    await this.#handOver(stream);
    if (plan.claim.length > 0 && !stream.isPaused) await this.#claim(stream, plan.claim);
    stream.tellFirstAssignment();
    this.#findDeadEnd(stream);
    stream.pump();
  }

  /** Whoever settled the last attempt halts the consumer, unless he or his database died in that moment. */
  #findDeadEnd(stream: MemberStream): void {
    const { ordering, pause, topics } = this.#setup;
    if (ordering !== "topic" || pause !== null) return;
    for (const { parked } of stream.held.values()) {
      for (const { topicId, topic } of topics) {
        const head = parked.lowest(topicId);
        if (head?.isDead !== true) continue;
        this.#options.onDeadEnd(this.#setup, `event ${topic}/${head.offset} is out of attempts`);
        return;
      }
    }
  }

  #dropLost(stream: MemberStream, view: LeasesView): void {
    const holders = new Map(view.leases.map((it) => [it.partition, it.member]));
    const lost = [...stream.held.keys()].filter((partition) => holders.get(partition) !== stream.member);
    if (lost.length > 0) stream.drop(lost, "lease-lost");
  }

  /** Leases that are the member's under an epoch it does not know: a position change, or a claim whose reply was lost. */
  async #takeMoved(stream: MemberStream, view: LeasesView): Promise<void> {
    const moved = view.leases
      .filter((it) => it.member === stream.member && stream.held.get(it.partition)?.epoch !== it.epoch)
      .map((it) => it.partition);
    if (moved.length === 0) return;
    const mine = await this.#read(stream, moved);
    if (mine.length === 0) return;
    const change = await selectLastPositionChange(this.#options.database.pool, this.#setup.consumerId);
    if (!(await this.#hold(stream, mine))) return;
    if (change !== null && change !== stream.knownChange) {
      stream.knownChange = change;
      stream.tell("reset", { change, partitions: stream.assignment() });
    } else {
      // The same partitions, but other topics: what was delivered under the old epochs can settle no more.
      stream.tell("revoked", { reason: "consumer-changed", partitions: moved });
      stream.tellAssignment();
    }
  }

  async #handOver(stream: MemberStream): Promise<void> {
    const ready = stream.drained(this.#options.drainMs);
    if (ready.length === 0) return;
    const { consumerId } = this.#setup;
    await releaseLeases(this.#options.database.pool, { consumerId, member: stream.member, leases: ready });
    stream.drop(
      ready.map((it) => it.partition),
      "rebalance",
    );
    this.#options.wakeups.announce(consumerChannel(consumerId));
  }

  async #claim(stream: MemberStream, partitions: readonly number[]): Promise<void> {
    const claimed = await claimLeases(this.#options.database.pool, {
      consumerId: this.#setup.consumerId,
      member: stream.member,
      connection: stream.connection,
      instance: this.#options.instance,
      layout: this.#setup.layout,
      partitions,
      leaseMs: this.#options.leaseMs,
    });
    if (claimed.length > 0) {
      const mine = await this.#read(
        stream,
        claimed.map((it) => it.partition),
      );
      if (await this.#hold(stream, mine)) stream.tellAssignment();
    }
    if (claimed.length < partitions.length) this.#refreshSoon();
  }

  /** The cursors of leases of the member, under whatever epoch they stand together with; none when it is too late. */
  async #read(stream: MemberStream, partitions: readonly number[]): Promise<HeldRow[]> {
    const { database } = this.#options;
    const rows = await selectHeldCursors(database.pool, { consumerId: this.#setup.consumerId, partitions });
    const mine = rows.filter((row) => row.member === stream.member);
    // Declared anew since the setup was read. With its topics or earlier layouts, events would be passed over for good.
    if (mine.some((row) => row.updatedAt !== this.#setup.updatedAt)) {
      void this.refresh();
      return [];
    }
    return mine;
  }

  /** False when there is nothing to hold, or it has moved on meanwhile. */
  async #hold(stream: MemberStream, rows: readonly HeldRow[]): Promise<boolean> {
    if (rows.length === 0) return false;
    const parked = new Map((await this.#readParked(rows.map((it) => it.partition))).map((it) => [it.partition, it]));
    const broken = await selectBrokenDeliveries(this.#options.database.pool, this.#setup.consumerId);
    const current = rows.filter((row) => parked.get(row.partition)?.epoch === row.epoch);
    if (current.length < rows.length) void this.refresh();
    if (stream.isEnded || current.length === 0) return false;
    stream.hold(
      current.map((row) => {
        const heads = parked.get(row.partition);
        return new HeldPartition(this.#setup, {
          ...row,
          member: stream.member,
          parked: new ParkedHeads(
            heads?.version ?? 0,
            heads === undefined ? [] : this.#onClock(heads),
            heads?.discardedAhead,
          ),
          broken,
        });
      }),
    );
    return true;
  }

  #refreshSoon(): void {
    delay(CLAIM_AGAIN_MS, undefined, { signal: this.#stop.signal, ref: false }).then(
      () => this.refresh(),
      () => undefined,
    );
  }
}
