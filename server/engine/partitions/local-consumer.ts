import { setTimeout as delay } from "node:timers/promises";
import { probeDelayMs } from "../../domain/breaker.ts";
import { planLeases } from "../../domain/lease-plan.ts";
import { assumedFrom, noteOf } from "../../domain/noted-in-flight.ts";
import type { OffsetRanges } from "../../domain/offset-ranges.ts";
import { takeProbe } from "../../store/consumers/breaker.ts";
import { type HeldCursors, selectHeldCursors } from "../../store/consumers/cursor-held-select.ts";
import { type ConsumerSetup, selectConsumerSetup } from "../../store/consumers/setup-select.ts";
import type { Database } from "../../store/database.ts";
import { selectHandledBefore } from "../../store/insight/handled-before-select.ts";
import { selectBrokenDeliveries } from "../../store/members/delivery-attempts-select.ts";
import type { Heartbeat } from "../../store/members/heartbeat.ts";
import { claimLeases } from "../../store/members/lease-claim.ts";
import { releaseLeases } from "../../store/members/lease-release.ts";
import { type LeasesView, selectLeaseViews } from "../../store/members/lease-views-select.ts";
import type { NotedInFlight } from "../../store/members/session-adopt.ts";
import { onClock, type PartitionHeads, selectPartitionHeads } from "../../store/parked/heads-select.ts";
import { selectLastPositionChange } from "../../store/positions/change-last.ts";
import { passLayouts } from "../../store/positions/layouts-pass.ts";
import type { MemberSession } from "../members/member-session.ts";
import type { TopicReader, TopicReaders } from "../topics/log.ts";
import type { Wakeups } from "../wakeups.ts";
import { consumerChannel, parkedChannel } from "./consumer-channels.ts";
import { ConsumerReaders } from "./consumer-readers.ts";
import { HeldPartition, type HeldStart, type TopicHead } from "./held-partition.ts";

export interface LocalConsumerOptions {
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
  /** A session goes on at another instance. */
  readonly onMoved: (session: MemberSession) => void;
  /** The consumer is in the bin: its members are to be told. */
  readonly onRemoved: (setup: ConsumerSetup) => void;
  /** Events wait to be parked. */
  readonly onParking: (setup: ConsumerSetup) => void;
  readonly onError: (error: Error) => void;
}

// A claim that found leases locked by a settlement tries again this soon: settlements last a few milliseconds.
const CLAIM_AGAIN_MS = 50;
const MAX_TIMER_MS = 3_600_000;
/** Nobody here has a delivery to try: it is looked again this soon. */
const PROBE_AGAIN_MS = 1_000;

/**
 * One consumer at this instance: its members here, what they hold, and how that follows the database. Everything that
 * reads the leases and acts on them happens in `refresh`, one run at a time, so no two decisions cross.
 */
export class LocalConsumer {
  readonly sessions = new Map<string, MemberSession>();
  readonly #options: LocalConsumerOptions;
  readonly #stopListening: (() => void)[] = [];
  readonly #stop = new AbortController();
  #setup: ConsumerSetup;
  readonly #readers: ConsumerReaders;
  #refreshing: Promise<void> | null = null;
  #isRefreshWanted = false;
  /** Rises with every refresh: a view read before one is old after it. */
  #version = 0;
  #pauseEnd: NodeJS.Timeout | null = null;
  #probe: NodeJS.Timeout | null = null;
  #isReloadWanted = false;
  readonly #noted = new WeakMap<HeldPartition, string>();

  private constructor(setup: ConsumerSetup, options: LocalConsumerOptions) {
    this.#setup = setup;
    this.#options = options;
    this.#readers = new ConsumerReaders(options.topicReaders, () => {
      for (const session of this.sessions.values()) session.pump();
    });
  }

  static async open(setup: ConsumerSetup, options: LocalConsumerOptions): Promise<LocalConsumer> {
    const local = new LocalConsumer(setup, options);
    local.#awaitPauseEnd();
    local.#awaitProbe();
    try {
      await local.#readers.follow(setup.topics);
    } catch (error) {
      local.close();
      throw error;
    }
    const { wakeups } = options;
    local.#stopListening.push(
      wakeups.listen(consumerChannel(setup.consumerId), () => local.refresh()),
      wakeups.listen(parkedChannel(setup.consumerId), () => options.onParkedChanged(local.setup)),
    );
    return local;
  }

  get setup(): ConsumerSetup {
    return this.#setup;
  }

  get readers(): ReadonlyMap<number, TopicReader> {
    return this.#readers.byTopic;
  }

  /** The database does not know yet how far partitions held here have come. */
  get isBehind(): boolean {
    for (const held of this.held()) if (held.isBehind) return true;
    return false;
  }

  get version(): number {
    return this.#version;
  }

  holder(partition: number): HeldPartition | undefined {
    let newest: HeldPartition | undefined;
    for (const session of this.sessions.values()) {
      const held = session.held.get(partition);
      if (held !== undefined && (newest === undefined || held.epoch > newest.epoch)) newest = held;
    }
    return newest;
  }

  sessionOf(held: HeldPartition): MemberSession | undefined {
    for (const session of this.sessions.values()) if (session.held.get(held.partition) === held) return session;
    return undefined;
  }

  /** What is in flight of the partitions here, where it is not as it was noted last. */
  inFlightToNote(): Heartbeat["inFlight"] {
    const { consumerId } = this.#setup;
    return [...this.held()].flatMap((held) => {
      const inFlight = notedOf(held);
      const text = JSON.stringify(inFlight);
      if (this.#noted.get(held) === text) return [];
      this.#noted.set(held, text);
      return [{ consumerId, partition: held.partition, epoch: held.epoch, inFlight }];
    });
  }

  *held(): Generator<HeldPartition> {
    for (const session of this.sessions.values()) yield* session.held.values();
  }

  close(): void {
    this.#stop.abort();
    if (this.#pauseEnd !== null) clearTimeout(this.#pauseEnd);
    if (this.#probe !== null) clearTimeout(this.#probe);
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

  /** Takes over what operators did to parked events. Only between two groups of settlements: both change the same marks. */
  async reloadParked(): Promise<void> {
    for (const { held, row } of await this.#readHeld()) {
      if (held.parkedVersion !== row.version) held.mirror(this.#parkedOf(row));
    }
    this.#options.onParking(this.#setup);
    for (const session of this.sessions.values()) session.onSettled();
  }

  /** It is not known whether the last group was written: takes over cursors as well. */
  async reconcile(): Promise<void> {
    const parked = await this.#readHeld();
    const { pool } = this.#options.database;
    const { consumerId } = this.#setup;
    const rows = await selectHeldCursors(pool, { consumerId, partitions: parked.map((it) => it.held.partition) });
    const cursors = new Map(rows.map((it) => [`${it.partition} ${it.epoch}`, it.cursors]));
    for (const { held, row } of parked) {
      const found = cursors.get(`${held.partition} ${held.epoch}`);
      if (found === undefined) continue;
      for (const { topicId, ...at } of held.reconcile(found, this.#parkedOf(row))) {
        this.tellParked(held, { topicId, ...at });
      }
    }
    this.#options.onParking(this.#setup);
    for (const session of this.sessions.values()) session.onSettled();
  }

  async #readHeld(): Promise<{ readonly held: HeldPartition; readonly row: PartitionHeads }[]> {
    const partitions = Array.from(this.held(), (it) => it.partition);
    if (partitions.length === 0) return [];
    const rows = await this.#readParked(partitions);
    return rows.flatMap((row) => {
      const held = this.holder(row.partition);
      return held?.epoch === row.epoch ? [{ held, row }] : [];
    });
  }

  /** Tells the members that cannot know otherwise: what they have after this event of its sequence is taken back. */
  tellParked(
    { partition, epoch }: Pick<HeldPartition, "partition" | "epoch">,
    at: { readonly topicId: number; readonly offset: number; readonly key: string | null },
  ): void {
    const topic = this.#setup.topics.find((it) => it.topicId === at.topicId)?.topic;
    if (topic === undefined) return;
    for (const session of this.sessions.values()) {
      if (session.held.get(partition)?.epoch !== epoch) continue;
      session.tellParked({ topic, partition, offset: at.offset, key: at.key });
    }
  }

  #readParked(partitions: readonly number[]): Promise<PartitionHeads[]> {
    const { consumerId, partitions: layoutPartitions } = this.#setup;
    return selectPartitionHeads(this.#options.database.pool, { consumerId, partitions, layoutPartitions });
  }

  #parkedOf(row: PartitionHeads): Pick<HeldStart, "parkedVersion" | "heads" | "discardedAhead"> {
    const now = this.#options.now();
    const heads = row.heads.map((it): TopicHead => onClock(it, now));
    return { parkedVersion: row.version, heads, discardedAhead: row.discardedAhead };
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
    const isPassed = priorLayouts.length > 0 && (await passLayouts(pool, consumerId)) > 0;
    const isWanted = this.#isReloadWanted;
    this.#isReloadWanted = false;
    if (isPassed || isWanted || view.updatedAt !== updatedAt || view.layout !== layout) await this.#reload();
    for (const session of [...this.sessions.values()]) {
      if (!session.isEnded) await this.#align(session, view);
    }
    this.#findParkedChanged(view);
  }

  /** A wake-up that tells of changed parked events may be lost. */
  #findParkedChanged({ leases }: LeasesView): void {
    const isChanged = leases.some(({ partition, epoch, parkedVersion }) => {
      const holder = this.holder(partition);
      return holder?.epoch === epoch && holder.parkedVersion !== parkedVersion;
    });
    if (isChanged) this.#options.onParkedChanged(this.#setup);
  }

  async #reload(): Promise<void> {
    const setup = await selectConsumerSetup(this.#options.database.pool, { consumerId: this.#setup.consumerId });
    if (setup === null || setup.isRemoved) return this.#options.onRemoved(this.#setup);
    await this.#readers.follow(setup.topics);
    // From here on in one go: a member with the partitions of one layout and the leases of another would deliver the
    // wrong events under a valid epoch.
    const isRelayout = setup.layout !== this.#setup.layout;
    this.#setup = setup;
    this.#awaitPauseEnd();
    this.#awaitProbe();
    for (const session of this.sessions.values()) {
      if (isRelayout && session.held.size > 0) session.drop([...session.held.keys()], "partitions-changed");
      session.configure(setup, this.readers);
    }
  }

  /** While the breaker is open, one delivery of one of all instances is tried when it is time. */
  #awaitProbe(): void {
    if (this.#probe !== null) clearTimeout(this.#probe);
    this.#probe = null;
    const { failing, breaker, consumerId } = this.#setup;
    if (failing === null || breaker === null) return;
    const inMs = Math.max(0, Math.min(failing.probeInMs ?? MAX_TIMER_MS, MAX_TIMER_MS)) + 5;
    this.#probe = setTimeout(() => {
      void this.#guarded(async () => {
        // Any of those that have something to try: the member that fails may be one of them alone.
        const able = [...this.sessions.values()].filter((it) => it.hasWork(this.readers));
        const chosen = able[Math.floor(Math.random() * able.length)];
        const nextInMs = probeDelayMs(breaker, failing.probes + 1);
        // Whoever takes it raises `updated_at`: all others, and this instance, read when the next one is.
        if (chosen !== undefined && (await takeProbe(this.#options.database.pool, { consumerId, nextInMs }))) {
          this.#options.wakeups.announce(consumerChannel(consumerId));
          await this.refresh();
          chosen.allowProbe();
        } else this.#refreshSoon(PROBE_AGAIN_MS);
      });
    }, inMs);
    this.#probe.unref();
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
  async #align(session: MemberSession, view: LeasesView): Promise<void> {
    const row = view.members.find((it) => it.session === session.id);
    if (row !== undefined && row.instance !== this.#options.instance) return this.#options.onMoved(session);
    this.#dropLost(session, view);
    // Replaced, or expired while the database was away: its next heartbeat tells which, and until then it claims nothing.
    if (row === undefined) return;
    await this.#takeMoved(session, view);
    const plan = planLeases({
      leases: view.leases,
      members: view.members.map((it) => it.member),
      member: session.member,
    });
    session.drain(plan.release);
    await this.#handOver(session);
    if (plan.claim.length > 0 && session.mode !== "closing") await this.#claim(session, plan.claim);
    session.tellFirstAssignment();
    this.#findDeadEnd(session);
    session.pump();
  }

  /** Whoever settled the last attempt halts the consumer, unless they or their database died in that moment. */
  #findDeadEnd(session: MemberSession): void {
    const { ordering, pause, topics } = this.#setup;
    if (ordering !== "topic" || pause !== null) return;
    for (const { flows } of session.held.values()) {
      for (const { topicId, topic } of topics) {
        const head = flows.get(topicId)?.topicHead;
        if (head?.isDead !== true) continue;
        this.#options.onDeadEnd(this.#setup, `event ${topic}/${head.offset} is out of attempts`);
        return;
      }
    }
  }

  #dropLost(session: MemberSession, view: LeasesView): void {
    const holders = new Map(view.leases.map((it) => [it.partition, it.member]));
    const lost = [...session.held.keys()].filter((partition) => holders.get(partition) !== session.member);
    if (lost.length > 0) session.drop(lost, "lease-lost");
  }

  /** Leases that are the member's under an epoch it does not know: a position change, or a claim whose reply was lost. */
  async #takeMoved(session: MemberSession, view: LeasesView): Promise<void> {
    const moved = view.leases
      .filter((it) => it.member === session.member && session.held.get(it.partition)?.epoch !== it.epoch)
      .map((it) => it.partition);
    if (moved.length === 0) return;
    const mine = await this.#read(session, moved);
    if (mine.length === 0) return;
    const change = await selectLastPositionChange(this.#options.database.pool, this.#setup.consumerId);
    const isFirst = session.held.size === 0;
    if (!(await this.#hold(session, mine))) return;
    if (change !== null && change !== session.knownChange) {
      session.knownChange = change;
      session.tell("reset", { change, partitions: session.assignment() });
    } else if (isFirst) {
      session.tellAssignment();
    } else {
      // The same partitions, but other topics: what was delivered under the old epochs can settle no more.
      session.tell("revoked", { reason: "consumer-changed", partitions: moved });
      session.tellAssignment();
    }
  }

  async #handOver(session: MemberSession): Promise<void> {
    const ready = session.drained(this.#options.drainMs);
    if (ready.length === 0) return;
    const { consumerId } = this.#setup;
    await releaseLeases(this.#options.database.pool, { consumerId, member: session.member, leases: ready });
    session.drop(
      ready.map((it) => it.partition),
      "rebalance",
    );
    this.#options.wakeups.announce(consumerChannel(consumerId));
  }

  async #claim(session: MemberSession, partitions: readonly number[]): Promise<void> {
    const claimed = await claimLeases(this.#options.database.pool, {
      consumerId: this.#setup.consumerId,
      member: session.member,
      session: session.id,
      instance: this.#options.instance,
      layout: this.#setup.layout,
      partitions,
      leaseMs: this.#options.leaseMs,
    });
    if (claimed.length > 0) {
      const mine = await this.#read(
        session,
        claimed.map((it) => it.partition),
      );
      if (await this.#hold(session, mine)) session.tellAssignment();
    }
    if (claimed.length < partitions.length) this.#refreshSoon();
  }

  /** The cursors of leases of the member, under whatever epoch they stand together with; none when it is too late. */
  async #read(session: MemberSession, partitions: readonly number[]): Promise<HeldCursors[]> {
    const { database } = this.#options;
    const rows = await selectHeldCursors(database.pool, { consumerId: this.#setup.consumerId, partitions });
    const mine = rows.filter((row) => row.member === session.member);
    // Declared anew since the setup was read. With its topics or earlier layouts, events would be passed over for good.
    if (mine.some((row) => row.updatedAt !== this.#setup.updatedAt)) {
      void this.refresh();
      return [];
    }
    return mine;
  }

  /** False when there is nothing to hold, or it has moved on meanwhile. */
  async #hold(session: MemberSession, rows: readonly HeldCursors[]): Promise<boolean> {
    if (rows.length === 0) return false;
    const parked = new Map((await this.#readParked(rows.map((it) => it.partition))).map((it) => [it.partition, it]));
    const broken = await selectBrokenDeliveries(this.#options.database.pool, this.#setup.consumerId);
    const handled = await selectHandledBefore(this.#options.database.pool, {
      consumerId: this.#setup.consumerId,
      partitions: rows.map((it) => it.partition),
      layoutPartitions: this.#setup.partitions,
    });
    const current = rows.filter((row) => parked.get(row.partition)?.epoch === row.epoch);
    if (current.length < rows.length) void this.refresh();
    if (session.isEnded || current.length === 0) return false;
    session.hold(
      current.flatMap((row) => {
        const heads = parked.get(row.partition);
        if (heads === undefined) return [];
        const { partition, epoch, cursors } = row;
        const { member, isPipelined } = session;
        const assumed = this.#assumedOf(session, { partition, epoch });
        const known = { broken, handled, assumed, ...this.#parkedOf(heads) };
        return [new HeldPartition(this.#setup, { partition, epoch, cursors, member, isPipelined, ...known })];
      }),
    );
    return true;
  }

  /** What the instance before this one may have delivered to the session: what it noted, and all it read since. */
  #assumedOf(
    session: MemberSession,
    { partition, epoch }: { readonly partition: number; readonly epoch: number },
  ): ReadonlyMap<number, OffsetRanges> {
    const adopted = session.adopted.get(partition);
    if (adopted?.epoch !== epoch) return new Map();
    return new Map(
      this.#setup.topics.map(({ topicId }) => {
        const head = this.readers.get(topicId)?.head ?? 0;
        return [topicId, assumedFrom(adopted.inFlight?.[topicId], head)];
      }),
    );
  }

  #refreshSoon(inMs = CLAIM_AGAIN_MS): void {
    this.#isReloadWanted ||= inMs === PROBE_AGAIN_MS;
    delay(inMs, undefined, { signal: this.#stop.signal, ref: false }).then(
      () => this.refresh(),
      () => undefined,
    );
  }
}

function notedOf(held: HeldPartition): NotedInFlight {
  return Object.fromEntries([...held.flows].map(([topicId, flow]) => [topicId, noteOf(flow)]));
}
