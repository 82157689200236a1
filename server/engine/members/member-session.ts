import type { EventRow } from "../../contract/events.ts";
import { MAX_SEQUENCES } from "../../domain/sequence.ts";
import { SessionLog } from "../../domain/session-log.ts";
import type { ConsumerSetup, SubscribedTopic } from "../../store/consumers/setup-select.ts";
import type { AdoptedLease } from "../../store/members/session-adopt.ts";
import { type HeldPartition, lowestScanned } from "../partitions/held-partition.ts";
import type { OverdueDeliveries } from "../settling/server-verdicts.ts";
import type { TopicReader } from "../topics/log.ts";
import type { ControlFrame } from "./delivery-frame.ts";
import type { EndReason } from "./frame-sink.ts";
import type { Outlet } from "./outlet.ts";
import { SessionPump } from "./session-pump.ts";

/** What `parked` tells. */
export interface ParkedNotice {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly key: string | null;
}

/** Where a delivery of the session belongs. */
export interface DeliveryPlace {
  readonly held: HeldPartition;
  readonly topic: SubscribedTopic;
  readonly offset: number;
}

export interface MemberSessionOptions {
  /** Tells the session apart from others of the same name; it stands in the ids of its frames. */
  readonly id: string;
  readonly member: string;
  /** Deliveries up to this number were sent at another instance. */
  readonly lastNumber: number;
  readonly adopted: ReadonlyMap<number, AdoptedLease>;
  /** Where the member is connected from. */
  readonly address: string | null;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  readonly leaseMs: number;
  /** Instead of `MAX_SEQUENCES`. */
  readonly maxSequences?: number | undefined;
  /** Instead of `SIGN_OF_LIFE_MS`. */
  readonly signOfLifeMs?: number | undefined;
  /** Single events of a topic, for deliveries out of the order of offsets. */
  readonly readEvents: (topic: SubscribedTopic, offsets: readonly number[]) => Promise<readonly EventRow[]>;
  /** The member has said nothing about these for too long. */
  readonly onOverdue: (session: MemberSession, overdue: OverdueDeliveries) => void;
  /** Events wait to be parked. */
  readonly onParking: () => void;
  /** A partition that is being handed over has nothing in flight any more. */
  readonly onDrained: () => void;
  /** Nothing is heard on this connection: it is to be closed, as if it were gone. */
  readonly onSilent: (session: MemberSession, outlet: Outlet) => void;
  /** The member did not come back in time. */
  readonly onGraceOver: (session: MemberSession) => void;
  readonly onError: (error: Error) => void;
}

/**
 * `connected`: the member can be given deliveries. `away`: its connection is gone, or no pull is open; it may come back.
 * `closing`: the server stops; settlements count, nothing is delivered. `ended`: nothing counts any more.
 */
export type SessionMode = "connected" | "away" | "closing" | "ended";

const NEXT: Readonly<Record<SessionMode, readonly SessionMode[]>> = {
  connected: ["connected", "away", "closing", "ended"],
  away: ["connected", "away", "closing", "ended"],
  closing: ["closing", "ended"],
  ended: [],
};

/**
 * A stream with deliveries in flight from which nothing was heard for so long is closed. A living client comes back at
 * once and goes on; one that has vanished behind a silent network does not, and its partitions go to others. (A socket
 * does not tell: packets that nobody takes are repeated for a quarter of an hour.)
 */
const SIGN_OF_LIFE_MS = 45_000;

/**
 * A member's stay: what it holds, what is in flight to it and how it is reached. It outlives a broken connection by the
 * consumer's grace, and a pull by the time until the next one.
 */
export class MemberSession {
  readonly id: string;
  readonly member: string;
  readonly held = new Map<number, HeldPartition>();
  readonly log: SessionLog<DeliveryPlace>;
  isPipelined = false;
  address: string | null;
  /** When the member was last renewed, on the monotonic clock. Past the lease nothing is delivered. */
  renewedAt: number;
  /** The position change the member was last told of, or that was in force when it came. */
  knownChange: string | null = null;
  /** By partition: what the instance before this one held of the session. */
  readonly adopted: ReadonlyMap<number, AdoptedLease>;
  readonly #options: MemberSessionOptions;
  readonly #pump: SessionPump;
  #setup: ConsumerSetup;
  #mode: SessionMode = "away";
  #endReason: EndReason | null = null;
  #outlet: Outlet | null = null;
  /** How the member was reached last: a pull is followed by the next only when its deliveries are handled. */
  #kind: Outlet["kind"] = "stream";
  #heardAt: number;
  /** While the breaker is open: what is delivered after this number is delivered to try. */
  #probeAfter: number | null = null;
  /** Notices that its connection may have lost, with the number of the last delivery before each. */
  #notices: { readonly after: number; readonly notice: ParkedNotice }[] = [];
  #isAssigned = false;
  #isCaughtUp = false;
  #grace: NodeJS.Timeout | null = null;
  #ackTimer: NodeJS.Timeout;

  constructor(setup: ConsumerSetup, readers: ReadonlyMap<number, TopicReader>, options: MemberSessionOptions) {
    this.id = options.id;
    this.member = options.member;
    this.address = options.address;
    this.adopted = options.adopted;
    this.#setup = setup;
    this.#options = options;
    this.renewedAt = options.now();
    this.#heardAt = options.now();
    this.log = new SessionLog(options.lastNumber);
    this.#pump = new SessionPump(this, readers, {
      now: options.now,
      readEvents: options.readEvents,
      onParking: options.onParking,
      onError: options.onError,
    });
    this.#ackTimer = this.#startAckTimer();
  }

  get mode(): SessionMode {
    return this.#mode;
  }

  get isEnded(): boolean {
    return this.#mode === "ended";
  }

  /** Null while it lasts. */
  get endReason(): EndReason | null {
    return this.#endReason;
  }

  get setup(): ConsumerSetup {
    return this.#setup;
  }

  get outlet(): Outlet | null {
    return this.#outlet;
  }

  get inFlight(): number {
    let sum = 0;
    for (const held of this.held.values()) sum += held.inFlight;
    return sum;
  }

  /** How long the session lasts without a connection. */
  get graceMs(): number {
    const { reconnectGraceMs, ackTimeoutMs } = this.#setup;
    return this.#kind === "pull" ? Math.max(ackTimeoutMs, reconnectGraceMs) : reconnectGraceMs;
  }

  /** Deliveries that may be made now. */
  get room(): number {
    if (this.#mode !== "connected" || this.#outlet === null || this.#setup.pause !== null) return 0;
    if (this.#options.now() - this.renewedAt >= this.#options.leaseMs) return 0;
    if (this.blocked >= (this.#options.maxSequences ?? MAX_SEQUENCES)) return 0;
    const room = Math.min(this.#outlet.room, this.#setup.maxInFlight - this.inFlight);
    if (this.#setup.failing === null) return room;
    return this.#probeAfter === this.log.last ? Math.min(1, room) : 0;
  }

  /** Whether the member is there and something could be delivered to it, or at least be looked at. */
  hasWork(readers: ReadonlyMap<number, TopicReader>): boolean {
    if (this.#mode !== "connected") return false;
    for (const { flows } of this.active()) {
      for (const [topicId, flow] of flows) {
        if (flow.firstReady() !== undefined || flow.due(this.#options.now(), 1).length > 0) return true;
        if (!flow.isClosed && flow.scanned < (readers.get(topicId)?.head ?? 0)) return true;
      }
    }
    return false;
  }

  /** The breaker is open, and one delivery may be made to try. */
  allowProbe(): void {
    this.#probeAfter = this.log.last;
    this.pump();
  }

  isProbe(number: number): boolean {
    return this.#probeAfter !== null && number > this.#probeAfter;
  }

  /** Sequences that stand behind a parked event. */
  get blocked(): number {
    let sum = 0;
    for (const held of this.held.values()) sum += held.blocked;
    return sum;
  }

  /** The partitions that new events are delivered from. */
  active(): HeldPartition[] {
    return [...this.held.values()].filter((it) => it.drainingSince === null);
  }

  /**
   * The member is reached by this from now on.
   * @param after the number of the last delivery that it has; null = it begins anew
   */
  attach(outlet: Outlet, how: { readonly after: number | null; readonly isPipelined: boolean }): void {
    const before = this.#outlet;
    this.#outlet = null;
    if (before !== null && before !== outlet) before.end();
    this.#enter("connected");
    this.#outlet = outlet;
    this.#kind = outlet.kind;
    this.isPipelined = how.isPipelined;
    for (const held of this.held.values()) for (const flow of held.flows.values()) flow.isPipelined = how.isPipelined;
    this.#heardAt = this.#options.now();
    this.#stopGrace();
    outlet.onRoom(() => this.pump());
    this.tell("session", {
      session: this.id,
      member: this.member,
      resumed: how.after !== null,
      inFlight: this.inFlight,
    });
    this.#isCaughtUp = false;
    if (this.#isAssigned) this.tellAssignment();
    if (this.#setup.pause !== null) this.#tellPaused(this.#setup);
    if (this.#setup.failing !== null) this.#tellFailing();
    this.#tellNoticesAgain(how);
    if (how.after !== null) this.#pump.sendAgain(how.after);
    this.pump();
  }

  /** The connection is gone; the member has its grace to come back. */
  detach(outlet: Outlet): void {
    if (this.#outlet !== outlet) return;
    this.#outlet = null;
    if (this.#mode !== "connected") return;
    this.#enter("away");
    this.#startGrace();
  }

  /** It was taken over from another instance, and its member has not come back yet. */
  wait(kind: Outlet["kind"]): void {
    this.#kind = kind;
    this.#startGrace();
  }

  /** Resolves once nothing more can be delivered at the moment. */
  pumped(): Promise<void> {
    return this.#pump.idle();
  }

  /** The member has spoken. */
  hear(): void {
    this.#heardAt = this.#options.now();
    if (this.#mode === "away" && this.#kind === "pull") this.#startGrace();
  }

  /** Takes a changed declaration; which partitions it has is told separately. */
  configure(setup: ConsumerSetup, readers: ReadonlyMap<number, TopicReader>): void {
    const isNewTimeout = setup.ackTimeoutMs !== this.#setup.ackTimeoutMs;
    this.#tellPause(setup);
    this.#setup = setup;
    this.#pump.configure(readers);
    if (isNewTimeout) {
      clearInterval(this.#ackTimer);
      this.#ackTimer = this.#startAckTimer();
    }
    this.pump();
  }

  /** Takes partitions, or takes them anew under another epoch: what was in flight of them is forgotten. */
  hold(partitions: readonly HeldPartition[]): void {
    for (const held of partitions) {
      this.#letGo(held.partition);
      this.held.set(held.partition, held);
    }
    this.#pump.interrupt();
    this.#isCaughtUp = false;
  }

  /** Lets go of partitions and says so. */
  drop(partitions: readonly number[], reason: string): void {
    for (const partition of partitions) this.#letGo(partition);
    this.#pump.interrupt();
    this.tell("revoked", { reason, partitions });
  }

  /** Stops delivering from exactly these partitions. */
  drain(partitions: readonly number[]): void {
    for (const held of this.held.values()) {
      const isDraining = partitions.includes(held.partition);
      if (isDraining === (held.drainingSince !== null)) continue;
      held.drainingSince = isDraining ? this.#options.now() : null;
      this.#pump.interrupt();
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

  /** What was delivered after this event of its sequence is taken back; a client that pipelines has to be told. */
  tellParked(notice: ParkedNotice): void {
    if (!this.isPipelined) return;
    this.#notices.push({ after: this.log.last, notice });
    // Those after what a member has seen are about what was in flight then, and what has been sent since.
    const max = 2 * this.#setup.maxInFlight;
    if (this.#notices.length > max) this.#notices.splice(0, this.#notices.length - max);
    this.tell("parked", notice);
  }

  /** A member that has seen a delivery has seen the notices before it. */
  #tellNoticesAgain({ after, isPipelined }: { readonly after: number | null; readonly isPipelined: boolean }): void {
    this.#notices = after === null || !isPipelined ? [] : this.#notices.filter((it) => it.after >= after);
    for (const { notice } of this.#notices) this.tell("parked", notice);
  }

  tell(name: ControlFrame, data: object): void {
    this.#outlet?.tell(name, data);
  }

  tellCaughtUp(readers: ReadonlyMap<number, TopicReader>): void {
    const active = this.active();
    if (this.#isCaughtUp || active.length === 0 || this.room <= 0) return;
    const topics = [];
    for (const { topicId, topic } of this.#setup.topics) {
      const offset = lowestScanned(active, topicId);
      if (offset === undefined || offset < (readers.get(topicId)?.head ?? 0)) return;
      topics.push({ topic, offset });
    }
    this.#isCaughtUp = true;
    this.tell("caught-up", { topics });
  }

  /** Sends nothing new any more; settlements still count. */
  close(): void {
    this.#enter("closing");
    this.#stopGrace();
    this.#pump.interrupt();
  }

  end(reason: EndReason): void {
    if (this.isEnded) return;
    this.#endReason = reason;
    this.tell("revoked", { reason, partitions: this.assignment().map((it) => it.partition) });
    if (reason === "removed") this.tell("removed", {});
    this.#enter("ended");
    clearInterval(this.#ackTimer);
    this.#stopGrace();
    this.#pump.stop();
    this.held.clear();
    this.#outlet?.end();
    this.#outlet = null;
  }

  /** Something was settled: clocks go on, there is room again, and a draining partition may be ready. */
  onSettled(): void {
    const now = this.#options.now();
    for (const held of this.held.values()) {
      for (const flow of held.flows.values()) for (const number of flow.takeEnded()) this.log.end(number, now);
    }
    for (const { drainingSince, inFlight } of this.held.values()) {
      if (drainingSince !== null && inFlight === 0) {
        this.#options.onDrained();
        break;
      }
    }
    this.pump();
  }

  /** Gives a delivery (of a topic, of the partition) its whole time again. */
  extend(held: HeldPartition, of: { readonly topicId: number | null; readonly offset: number | null }): void {
    const now = this.#options.now();
    for (const { number, place } of this.log) {
      if (place.held !== held) continue;
      if (of.topicId !== null && place.topic.topicId !== of.topicId) continue;
      if (of.offset !== null && place.offset !== of.offset) continue;
      this.log.extend(number, now);
    }
  }

  /** Delivers whatever can be delivered; returns at once. */
  pump(): void {
    this.#pump.run();
  }

  #enter(mode: SessionMode): void {
    if (!NEXT[this.#mode].includes(mode)) throw new Error(`a session that is ${this.#mode} cannot be ${mode}`);
    this.#mode = mode;
  }

  #letGo(partition: number): void {
    const held = this.held.get(partition);
    if (held === undefined) return;
    this.held.delete(partition);
    const now = this.#options.now();
    for (const { number, place } of [...this.log]) if (place.held === held) this.log.end(number, now);
  }

  #startGrace(): void {
    this.#stopGrace();
    this.#grace = setTimeout(() => this.#options.onGraceOver(this), this.graceMs);
    this.#grace.unref();
  }

  #stopGrace(): void {
    if (this.#grace !== null) clearTimeout(this.#grace);
    this.#grace = null;
  }

  #tellPause(setup: ConsumerSetup): void {
    const before = this.#setup.pause;
    if (setup.pause !== null && setup.pause.reason !== before?.reason) this.#tellPaused(setup);
    if (setup.pause === null && before !== null) this.tell("resumed", {});
    const wasFailing = this.#setup.failing !== null;
    if (setup.failing !== null && !wasFailing) this.#tellFailing();
    if (setup.failing === null && wasFailing) {
      this.#probeAfter = null;
      if (setup.pause === null) this.tell("resumed", {});
    }
  }

  #tellFailing(): void {
    const reason = "nearly all deliveries fail; one is tried now and then, and when that goes well all go on";
    this.tell("paused", { kind: "breaker", reason, until: null });
  }

  #tellPaused({ pause }: ConsumerSetup): void {
    if (pause !== null) this.tell("paused", { kind: pause.kind, reason: pause.reason, until: pause.until });
  }

  #startAckTimer(): NodeJS.Timeout {
    const everyMs = Math.max(25, Math.min(1_000, this.#setup.ackTimeoutMs / 8));
    const timer = setInterval(() => this.#findOverdue(), everyMs);
    return timer.unref();
  }

  #findOverdue(): void {
    const now = this.#options.now();
    const { ackTimeoutMs } = this.#setup;
    const overdue = this.log.overdue(now, ackTimeoutMs);
    if (overdue.length === 0) {
      this.#askForLife(now);
      return;
    }
    // Once each: until these are parked they must not be found again.
    for (const { number } of overdue) this.log.extend(number, now);
    const isSilent = now - this.#heardAt >= ackTimeoutMs;
    this.#options.onOverdue(this, { deliveries: overdue.map((it) => it.place), isSilent });
  }

  #askForLife(now: number): void {
    if (this.#mode !== "connected" || this.#kind !== "stream") return;
    const [oldest] = this.log;
    // A member with nothing in hand has nothing to say.
    if (oldest === undefined) return;
    const silentSince = Math.max(this.#heardAt, oldest.sentAt);
    if (now - silentSince < (this.#options.signOfLifeMs ?? SIGN_OF_LIFE_MS)) return;
    if (this.#outlet !== null) this.#options.onSilent(this, this.#outlet);
  }
}
