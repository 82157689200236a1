import { setTimeout as delay } from "node:timers/promises";
import { DomainError } from "../../domain/errors.ts";
import { type ConsumerSetup, selectConsumerSetup } from "../../store/consumers/setup-select.ts";
import type { Database } from "../../store/database.ts";
import { beatHearts } from "../../store/members/heartbeat.ts";
import { selectInFlightElsewhere } from "../../store/members/in-flight-elsewhere.ts";
import { selectLeaseViews } from "../../store/members/lease-views-select.ts";
import { handOverSession, noteConnection } from "../../store/members/session-adopt.ts";
import { endSession } from "../../store/members/session-end.ts";
import { readEventsAt } from "../../store/topics/event-rows.ts";
import { reachable } from "../database-unavailable.ts";
import type { AttemptTally } from "../insight/attempt-tally.ts";
import { CONSUMERS_CHANNEL, consumerChannel } from "../partitions/consumer-channels.ts";
import { ConsumerSetups } from "../partitions/consumer-setups.ts";
import { haltConsumer } from "../partitions/halt-consumer.ts";
import { LocalConsumer } from "../partitions/local-consumer.ts";
import { LocalConsumers } from "../partitions/local-consumers.ts";
import type { SettlementItem } from "../settling/group.ts";
import type { Settled } from "../settling/queue.ts";
import { type OverdueDeliveries, settleOverdue } from "../settling/server-verdicts.ts";
import type { Holders } from "../settling/settler.ts";
import { openSettling } from "../settling/settling.ts";
import { recover, tripBreaker } from "../settling/trip-breaker.ts";
import type { TopicReaders } from "../topics/log.ts";
import type { Wakeups } from "../wakeups.ts";
import type { EndReason } from "./frame-sink.ts";
import { type InFlightDelivery, inFlightOf } from "./in-flight.ts";
import { interruptedOf, recordInterrupted } from "./interrupted-deliveries.ts";
import { MemberSession } from "./member-session.ts";
import { type Outlet, PullOutlet, StreamOutlet } from "./outlet.ts";
import type { JoinedMember, MemberJoinRequest, Pulled, PullRequest } from "./requests.ts";
import { SessionEntry, type SessionStart } from "./session-entry.ts";

export interface MembersOptions {
  readonly database: Database;
  readonly topicReaders: TopicReaders;
  readonly wakeups: Wakeups;
  /** This process, among those that share the database. */
  readonly instance: string;
  readonly onError: (error: Error) => void;
  /** How long a lease lives without a renewal. */
  readonly leaseMs?: number;
  /** How long a surplus partition, or a stopping server, waits for what is in flight. */
  readonly drainMs?: number;
  /** See `MAX_SEQUENCES` and `SIGN_OF_LIFE_MS` in `member-session.ts`. */
  readonly maxSequences?: number;
  readonly signOfLifeMs?: number;
  /** Monotonic milliseconds. */
  readonly now?: () => number;
}

/** All consumers with members at this instance, and the way of settlements to whoever holds their partitions. */
export interface Members {
  /**
   * Throws `consumer-not-found`, `member-name-taken` (facts `member, server, address, since`), `too-many-streams`,
   * `shutting-down` and `database-unavailable`.
   */
  join(request: MemberJoinRequest): Promise<JoinedMember>;
  /** Throws the same, and `session-ended`. */
  pull(request: PullRequest): Promise<Pulled>;
  /** Ends a member's session (whichever it has, without one): its partitions are free at once. False: there was none. */
  leave(goodbye: {
    readonly consumer: string;
    readonly member: string;
    readonly session: string | null;
  }): Promise<boolean>;
  /** See `SettlementRouter.settle`. */
  settle(setup: ConsumerSetup, items: readonly SettlementItem[]): Promise<Settled>;
  /** A consumer by name, at most a few seconds old unless `isFresh` is asked for; null when there is none. */
  findSetup(consumer: string, isFresh?: boolean): Promise<ConsumerSetup | null>;
  /** What is in flight to members, of one consumer: exact of those that are here, as of the last heartbeat of others. */
  inFlight(consumerId: number): Promise<InFlightDelivery[]>;
  /** Members here, deliveries in flight to them, how deliveries ended, and settlements that wait for the database. */
  counts(): MemberCounts;
  /** Delivers nothing new, waits a little for settlements, then lets others take its sessions over. */
  close(): Promise<void>;
  /** Stops as a crash would: nothing is freed, the leases run out by themselves. */
  abandon(): Promise<void>;
}

export interface MemberCounts {
  readonly members: number;
  readonly inFlight: number;
  /** Per consumer, by id. */
  readonly inFlightOf: ReadonlyMap<number, number>;
  /** Since this process began, per consumer, by id. */
  readonly attemptsOf: AttemptTally["all"];
  readonly settlementsQueued: number;
}

const MAX_SESSIONS = 10_000;
const LEASE_MS = 10_000;
const DRAIN_MS = 10_000;
const CLOSE_MS = 3_000;
const PROGRESS_MS = 500;

export function createMembers(options: MembersOptions): Members {
  const { database, topicReaders, wakeups, instance, onError } = options;
  const leaseMs = options.leaseMs ?? LEASE_MS;
  const drainMs = options.drainMs ?? DRAIN_MS;
  const now = options.now ?? (() => performance.now());
  const setups = new ConsumerSetups(database.pool, now);
  const unlistenConsumers = wakeups.listen(CONSUMERS_CHANNEL, () => setups.forgetAll());
  const stop = new AbortController();
  let isClosing = false;

  const locals = new LocalConsumers((setup) =>
    LocalConsumer.open(setup, {
      database,
      topicReaders,
      wakeups,
      instance,
      leaseMs,
      drainMs,
      now,
      onParkedChanged: (it) => void settler.reload(it).catch(onError),
      onDeadEnd: (it, reason) => holders.onHalt(it, reason),
      onMoved: (session) => {
        const here = locals.get(setup.consumerId);
        if (here !== undefined) locals.forget(here, session, "moved");
      },
      onRemoved({ consumerId }) {
        const here = locals.get(consumerId);
        for (const session of [...(here?.sessions.values() ?? [])]) {
          if (here !== undefined) void end(here, session, "removed").catch(onError);
        }
      },
      onParking: (it) => void settler.progress(it).catch(onError),
      onError,
    }),
  );
  const holders: Holders = {
    setup: (consumerId) => locals.get(consumerId)?.setup,
    findHolder: (consumerId) => (partition) => locals.get(consumerId)?.holder(partition),
    held: (consumerId) => locals.get(consumerId)?.held() ?? [],
    onSettled(consumerId) {
      for (const session of locals.get(consumerId)?.sessions.values() ?? []) session.onSettled();
    },
    onHeard: (consumerId, held) => locals.get(consumerId)?.sessionOf(held)?.hear(),
    onExtended: (consumerId, held, of) => locals.get(consumerId)?.sessionOf(held)?.extend(held, of),
    onStale: (consumerId) => void locals.get(consumerId)?.refresh(),
    reloadParked: async (consumerId) => locals.get(consumerId)?.reloadParked(),
    reconcile: async (consumerId) => locals.get(consumerId)?.reconcile(),
    onParked: (consumerId, item, key) => locals.get(consumerId)?.tellParked(item, { ...item, key }),
    onHalt: (setup, reason) => announced(setup, haltConsumer(database, setup, reason)),
    onTrip: (setup, trip) => announced(setup, tripBreaker(database, setup, trip)),
    isProbe: (consumerId, partition, number) => {
      const local = locals.get(consumerId);
      const held = local?.holder(partition);
      return held !== undefined && local?.sessionOf(held)?.isProbe(number) === true;
    },
    onRecovered: (setup) => announced(setup, recover(database, setup)),
  };
  const { settler, ...settling } = openSettling({
    database,
    wakeups,
    instance,
    holders,
    now,
    onError,
    adopt: adoptFrom,
  });

  /** What changes a consumer is told to whoever runs it. */
  function announced({ consumerId }: ConsumerSetup, changing: Promise<void>): void {
    changing.then(() => wakeups.announce(consumerChannel(consumerId)), onError);
  }

  const entry = new SessionEntry({ database, wakeups, instance, locals, now, lastsMs, createSession });

  /** Renews everything here in one statement, then looks at all leases in another. */
  async function heartbeat(): Promise<void> {
    while (await pause(leaseMs / 3)) {
      try {
        await beat();
      } catch (error) {
        if (!stop.signal.aborted) onError(error as Error);
      }
    }
  }

  async function beat(): Promise<void> {
    const beating = [...locals.sessions()];
    if (beating.length === 0) return;
    const startedAt = now();
    const alive = await beatHearts(database.pool, {
      instance,
      members: beating.map(([local, session]) => ({
        consumerId: local.setup.consumerId,
        session: session.id,
        lastsMs: lastsMs(session.graceMs),
      })),
      inFlight: [...locals].flatMap((local) => local.inFlightToNote()),
    });
    for (const [local, session] of beating) {
      if (alive.has(session.id)) session.renewedAt = startedAt;
      else locals.forget(local, session, "replaced");
    }
    const versions = new Map([...locals].map((local) => [local.setup.consumerId, local.version]));
    for (const view of await selectLeaseViews(database.pool, [...versions.keys()])) {
      const local = locals.get(view.consumerId);
      void local?.refreshFrom(view, versions.get(view.consumerId) ?? -1);
    }
  }

  /** A session outlives its instance by its grace, so that it can go on at another one. */
  function lastsMs(graceMs: number): number {
    return Math.max(leaseMs, graceMs);
  }

  async function bringProgress(): Promise<void> {
    while (await pause(PROGRESS_MS)) {
      for (const local of locals) {
        if (local.isBehind) settler.progress(local.setup).catch(onError);
      }
    }
  }

  /** False once everything stops. */
  const pause = (ms: number) => delay(ms, true, { signal: stop.signal, ref: false }).catch(() => false);

  /** The session is over: its deliveries in flight are lost, and its partitions free at once. */
  async function end(local: LocalConsumer, session: MemberSession, reason: EndReason): Promise<void> {
    if (session.isEnded) return;
    const { setup } = local;
    const { consumerId } = setup;
    const interrupted = interruptedOf(session, reason);
    locals.forget(local, session, reason);
    await recordInterrupted(database, setup, interrupted);
    await endSession(database.pool, { consumerId, member: session.member, session: session.id });
    wakeups.announce(consumerChannel(consumerId));
  }

  async function requireSetup(consumer: string): Promise<ConsumerSetup> {
    if (isClosing) throw new DomainError("shutting-down", "the server is stopping", { retryAfterSeconds: 1 });
    if ([...locals.sessions()].length >= MAX_SESSIONS) {
      throw new DomainError("too-many-streams", "too many members are connected here", { retryAfterSeconds: 5 });
    }
    const setup = await setups.find(consumer, true);
    if (setup === null) throw noSuchConsumer(consumer);
    return setup;
  }

  function createSession(local: LocalConsumer, of: SessionStart): MemberSession {
    const session = new MemberSession(local.setup, local.readers, {
      ...of,
      adopted: new Map(of.adopted.map((it) => [it.partition, it])),
      now,
      leaseMs,
      maxSequences: options.maxSequences,
      signOfLifeMs: options.signOfLifeMs,
      readEvents: (topic, offsets) => readEventsAt(database.pool, topic, offsets),
      onOverdue: (it, overdue) => void retryOverdue(local, it, overdue).catch(onError),
      onParking: () => void settler.progress(local.setup).catch(onError),
      onDrained: () => void local.refresh(),
      onSilent(it, outlet) {
        detach(local, { session: it, outlet });
        outlet.end();
      },
      onGraceOver: (it) => void end(local, it, "grace-over").catch(onError),
      onError,
    });
    session.renewedAt = of.renewedAt;
    session.knownChange = of.knownChange;
    local.sessions.set(session.id, session);
    return session;
  }

  /** An instance is dead: what its members still have to say has to arrive somewhere. */
  async function adoptFrom(consumerId: number, dead: string): Promise<void> {
    const setup = await selectConsumerSetup(database.pool, { consumerId });
    if (setup === null || isClosing) return;
    await entry.adopt(setup, { of: { instance: dead }, isConnected: false, address: null, lastNumber: null });
  }

  async function join(request: MemberJoinRequest): Promise<JoinedMember> {
    const { address, isPipelined, sink } = request;
    const setup = await requireSetup(request.consumer);
    const place = request.resume;
    const resumed =
      place === null
        ? null
        : await entry.resume(setup, { ...place, member: request.member, lastNumber: place.after, address });
    const [local, session] = resumed ?? (await entry.begin(setup, { ...request, isPull: false }));
    const outlet = new StreamOutlet(sink);
    session.address = address;
    if (place !== null && resumed !== null) session.log.skipTo(place.after);
    session.attach(outlet, { after: resumed === null ? null : (place?.after ?? 0), isPipelined });
    wakeups.announce(consumerChannel(setup.consumerId));
    void local.refresh();
    return {
      member: session.member,
      session: session.id,
      disconnect: () => detach(local, { session, outlet }),
    };
  }

  function detach(local: LocalConsumer, of: { readonly session: MemberSession; readonly outlet: Outlet }): void {
    const { session, outlet } = of;
    if (session.outlet !== outlet) return;
    session.detach(outlet);
    const { consumerId } = local.setup;
    const note = { consumerId, session: session.id, instance, isConnected: false, address: session.address };
    noteConnection(database.pool, { ...note, lastsMs: lastsMs(session.graceMs) }).then((isHere) => {
      if (!isHere && !session.isEnded) locals.forget(local, session, "replaced");
    }, onError);
  }

  async function pull(request: PullRequest): Promise<Pulled> {
    const { address, member, signal } = request;
    const setup = await requireSetup(request.consumer);
    const resumed =
      request.session === null
        ? null
        : await entry.resume(setup, { session: request.session, member, lastNumber: request.after, address });
    if (request.session !== null && resumed === null) {
      throw new DomainError("session-ended", "the session is over; begin anew without one");
    }
    const [local, session] = resumed ?? (await entry.begin(setup, { ...request, isPull: true }));
    const outlet = new PullOutlet(request.max);
    const isAgain = request.after !== null && resumed !== null;
    session.attach(outlet, { after: isAgain ? request.after : null, isPipelined: false });
    if (resumed === null) wakeups.announce(consumerChannel(setup.consumerId));
    await local.refresh();
    try {
      await Promise.race([outlet.done, waited(request.waitMs, signal), session.pumped()]);
      if (outlet.deliveries.length === 0 && request.waitMs > 0) {
        await Promise.race([outlet.done, waited(request.waitMs, signal)]);
      }
    } finally {
      outlet.end();
      detach(local, { session, outlet });
    }
    if (session.endReason === "removed" && outlet.deliveries.length === 0) throw noSuchConsumer(request.consumer);
    return { member: session.member, session: session.id, deliveries: outlet.deliveries };
  }

  async function waited(ms: number, signal: AbortSignal): Promise<void> {
    if (ms === 0) return new Promise(() => undefined);
    await delay(ms, undefined, { signal: AbortSignal.any([signal, stop.signal]), ref: false }).catch(() => undefined);
  }

  async function leave(goodbye: {
    readonly consumer: string;
    readonly member: string;
    readonly session: string | null;
  }): Promise<boolean> {
    const { consumer, member, session: id } = goodbye;
    const setup = await setups.find(consumer, true);
    if (setup === null) throw noSuchConsumer(consumer);
    const { consumerId } = setup;
    const local = locals.get(consumerId);
    for (const session of local?.sessions.values() ?? []) {
      if (local === undefined || session.member !== member || (id !== null && session.id !== id)) continue;
      await end(local, session, "left");
      return true;
    }
    const isEnded = await endSession(database.pool, { consumerId, member, session: id });
    if (isEnded) wakeups.announce(consumerChannel(consumerId));
    return isEnded;
  }

  /**
   * An ack timeout is a failed delivery like any other. A member that has answered nothing at all for so long is gone
   * as well: its partitions go to somebody who works.
   */
  async function retryOverdue(
    local: LocalConsumer,
    session: MemberSession,
    { deliveries, isSilent }: OverdueDeliveries,
  ): Promise<void> {
    await settleOverdue(settler, local.setup, deliveries);
    if (isSilent) await end(local, session, "ack-timeout");
  }

  async function inFlight(consumerId: number): Promise<InFlightDelivery[]> {
    const here = inFlightOf(locals.get(consumerId)?.held() ?? []);
    return [...here, ...(await selectInFlightElsewhere(database.pool, { consumerId, instance }))];
  }

  /** What is in flight stays that, for the instance where the member comes back. */
  async function handOver(local: LocalConsumer, session: MemberSession): Promise<void> {
    if (session.inFlight === 0) return end(local, session, "shutting-down");
    const { consumerId } = local.setup;
    const { id, graceMs } = session;
    locals.forget(local, session, "shutting-down");
    await handOverSession(database, { consumerId, session: id, instance, graceMs });
    wakeups.announce(consumerChannel(consumerId));
  }

  const loops = [heartbeat(), bringProgress()]; // After what they use: they run up to their first wait at once.
  async function shutDown(): Promise<void> {
    stop.abort();
    unlistenConsumers();
    await Promise.allSettled([...loops, settling.close()]);
  }

  return {
    join: (request) => reachable(join(request)),
    pull: (request) => reachable(pull(request)),
    leave: (goodbye) => reachable(leave(goodbye)),
    settle: ({ consumerId }, items) => reachable(settling.settle(consumerId, items)),
    findSetup: (consumer, isFresh) => reachable(setups.find(consumer, isFresh)),
    inFlight: (consumerId) => reachable(inFlight(consumerId)),
    counts() {
      let members = 0;
      let inFlight = 0;
      const inFlightOf = new Map<number, number>();
      for (const [{ setup }, session] of locals.sessions()) {
        members += 1;
        inFlight += session.inFlight;
        inFlightOf.set(setup.consumerId, (inFlightOf.get(setup.consumerId) ?? 0) + session.inFlight);
      }
      return { members, inFlight, inFlightOf, attemptsOf: settler.attempts.all, settlementsQueued: settler.queued };
    },
    async close() {
      isClosing = true;
      for (const [, session] of locals.sessions()) session.close();
      const closeBy = now() + Math.min(drainMs, CLOSE_MS);
      while (now() < closeBy && [...locals.sessions()].some(([, session]) => session.inFlight > 0)) await delay(20);
      await Promise.allSettled([...locals].map((local) => settler.progress(local.setup)));
      await beat().catch(onError);
      await Promise.allSettled([...locals.sessions()].map(([local, session]) => handOver(local, session)));
      // What other instances have sent is told that it has moved.
      await settling.drain();
      await shutDown();
    },
    async abandon() {
      isClosing = true;
      await shutDown();
      for (const [local, session] of [...locals.sessions()]) locals.forget(local, session, "shutting-down");
    },
  };
}

function noSuchConsumer(consumer: string): DomainError {
  return new DomainError("consumer-not-found", `there is no consumer "${consumer}"`);
}
