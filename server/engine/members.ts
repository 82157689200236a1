import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { DomainError } from "../domain/errors.ts";
import type { ConsumerSetup } from "../store/consumer-setup-select.ts";
import type { Database } from "../store/database.ts";
import { readEventsAt } from "../store/event-rows.ts";
import { selectLeaseViews } from "../store/lease-views-select.ts";
import { beatHearts } from "../store/member-heartbeat.ts";
import { joinMember } from "../store/member-join.ts";
import { leaveMember } from "../store/member-leave.ts";
import { selectLastPositionChange } from "../store/position-change-last.ts";
import { consumerChannel } from "./consumer-channels.ts";
import { ConsumerRoom } from "./consumer-room.ts";
import { ConsumerSetups } from "./consumer-setups.ts";
import { reachable } from "./database-unavailable.ts";
import type { EndReason, FrameSink } from "./frame-sink.ts";
import { haltConsumer } from "./halt-consumer.ts";
import { type InFlightDelivery, inFlightOf } from "./in-flight.ts";
import { interruptedOf, recordInterrupted } from "./interrupted-deliveries.ts";
import { MemberStream } from "./member-stream.ts";
import { type OverdueDeliveries, settleLost, settleOverdue } from "./server-verdicts.ts";
import type { SettlementItem } from "./settlement-group.ts";
import type { Settled } from "./settlement-queue.ts";
import type { Holders } from "./settler.ts";
import { openSettling } from "./settling.ts";
import type { TopicReaders } from "./topic-log.ts";
import type { Wakeups } from "./wakeups.ts";

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
  /** See `MAX_SEQUENCES`. */
  readonly maxSequences?: number;
  /** Monotonic milliseconds. */
  readonly now?: () => number;
}

export interface MemberJoinRequest {
  readonly consumer: string;
  /** A name of its own is given to a member that has none. */
  readonly member: string | null;
  readonly sink: FrameSink;
}

export interface JoinedMember {
  readonly member: string;
  /** The connection is gone. Its partitions are free at once. */
  leave(): Promise<void>;
}

/** All consumers with members at this instance, and the way of settlements to their holders. */
export interface Members {
  /** Throws `consumer-not-found`, `too-many-streams`, `shutting-down` and `database-unavailable`. */
  join(request: MemberJoinRequest): Promise<JoinedMember>;
  /** See `SettlementRouter.settle`. */
  settle(setup: ConsumerSetup, items: readonly SettlementItem[]): Promise<Settled>;
  /** A consumer by name, at most a few seconds old unless `isFresh` is asked for; null when there is none. */
  findSetup(consumer: string, isFresh?: boolean): Promise<ConsumerSetup | null>;
  /** What is in flight to members connected here, of one consumer. */
  inFlight(consumerId: number): InFlightDelivery[];
  /** Members connected here, and deliveries in flight to them. */
  counts(): { members: number; inFlight: number };
  /** Delivers nothing new, waits a little for settlements, then frees everything so that others can go on at once. */
  close(): Promise<void>;
  /** Stops as a crash would: nothing is freed, the leases run out by themselves. */
  abandon(): Promise<void>;
}

const MAX_STREAMS = 10_000;
const LEASE_MS = 10_000;
const DRAIN_MS = 10_000;
const CLOSE_MS = 3_000;
const PROGRESS_MS = 500;

export function createMembers(options: MembersOptions): Members {
  const { database, topicReaders, wakeups, instance, onError } = options;
  const leaseMs = options.leaseMs ?? LEASE_MS;
  const drainMs = options.drainMs ?? DRAIN_MS;
  const now = options.now ?? (() => performance.now());
  const rooms = new Map<number, Promise<ConsumerRoom>>();
  const openRooms = new Map<number, ConsumerRoom>();
  const setups = new ConsumerSetups(database.pool, now);
  const stop = new AbortController();
  let isClosing = false;

  const holders: Holders = {
    setup: (consumerId) => openRooms.get(consumerId)?.setup,
    findHolder: (consumerId) => (partition) => openRooms.get(consumerId)?.holder(partition),
    held: (consumerId) => openRooms.get(consumerId)?.held() ?? [],
    onSettled(consumerId) {
      for (const stream of openRooms.get(consumerId)?.streams.values() ?? []) stream.onSettled();
    },
    onStale: (consumerId) => void openRooms.get(consumerId)?.refresh(),
    reloadParked: async (consumerId) => openRooms.get(consumerId)?.reloadParked(),
    onParked: (consumerId, item, key) => openRooms.get(consumerId)?.tellParked(item, { ...item, key }),
    onHalt: (setup, halt) =>
      void haltConsumer(database, { consumerId: setup.consumerId, consumer: setup.consumer, ...halt }).then(
        () => wakeups.announce(consumerChannel(setup.consumerId)),
        onError,
      ),
  };
  const { settler, ...settling } = openSettling({ database, wakeups, instance, holders, now, onError });

  function* allStreams(): Generator<[ConsumerRoom, MemberStream]> {
    for (const room of openRooms.values()) for (const stream of room.streams.values()) yield [room, stream];
  }

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
    const beating = [...allStreams()];
    if (beating.length === 0) return;
    const startedAt = now();
    const alive = await beatHearts(database.pool, {
      members: beating.map(([room, { member, connection }]) => ({
        consumerId: room.setup.consumerId,
        member,
        connection,
      })),
      leaseMs,
    });
    for (const [room, stream] of beating) {
      if (alive.has(stream.connection)) stream.renewedAt = startedAt;
      else end(room, stream, "replaced");
    }
    const versions = new Map([...openRooms].map(([id, room]) => [id, room.version]));
    for (const view of await selectLeaseViews(database.pool, [...versions.keys()])) {
      const room = openRooms.get(view.consumerId);
      void room?.refreshFrom(view, versions.get(view.consumerId) ?? -1);
    }
  }

  async function bringProgress(): Promise<void> {
    while (await pause(PROGRESS_MS)) {
      for (const room of openRooms.values()) {
        if (room.isBehind) settler.progress(room.setup).catch(onError);
      }
    }
  }

  /** False once everything stops. */
  const pause = (ms: number) => delay(ms, true, { signal: stop.signal, ref: false }).catch(() => false);

  async function roomOf(setup: ConsumerSetup): Promise<ConsumerRoom> {
    const { consumerId } = setup;
    let room = rooms.get(consumerId);
    if (room === undefined) {
      room = ConsumerRoom.open(setup, {
        database,
        topicReaders,
        wakeups,
        instance,
        leaseMs,
        drainMs,
        now,
        onParkedChanged: (it) => void settler.reload(it).catch(onError),
        onDeadEnd: (it, reason) => holders.onHalt(it, { kind: "halted", reason }),
        onParking: (it) => void settler.progress(it).catch(onError),
        onError,
      });
      rooms.set(consumerId, room);
      room.then(
        (opened) => openRooms.set(consumerId, opened),
        () => rooms.delete(consumerId),
      );
    }
    return room;
  }

  function end(room: ConsumerRoom, stream: MemberStream, reason: EndReason): void {
    stream.end(reason);
    room.streams.delete(stream.connection);
    closeIfEmpty(room);
  }

  function closeIfEmpty(room: ConsumerRoom): void {
    const { consumerId } = room.setup;
    if (room.streams.size > 0 || openRooms.get(consumerId) !== room) return;
    rooms.delete(consumerId);
    openRooms.delete(consumerId);
    room.close();
  }

  async function leave(room: ConsumerRoom, stream: MemberStream, reason: EndReason): Promise<void> {
    const interrupted = interruptedOf(stream, reason);
    end(room, stream, reason);
    const { consumerId } = room.setup;
    await recordInterrupted(database, consumerId, interrupted);
    await leaveMember(database.pool, { consumerId, member: stream.member, connection: stream.connection });
    wakeups.announce(consumerChannel(consumerId));
  }

  async function join({ consumer, member, sink }: MemberJoinRequest): Promise<JoinedMember> {
    if (isClosing) throw new DomainError("shutting-down", "the server is stopping", { retryAfterSeconds: 1 });
    if ([...allStreams()].length >= MAX_STREAMS) {
      throw new DomainError("too-many-streams", "too many members are connected here", { retryAfterSeconds: 5 });
    }
    const setup = await setups.find(consumer, true);
    if (setup === null) throw new DomainError("consumer-not-found", `there is no consumer "${consumer}"`);
    const connection = randomUUID();
    const name = member ?? `member-${connection.slice(0, 8)}`;
    const { consumerId } = setup;
    const knownChange = await selectLastPositionChange(database.pool, consumerId);
    const renewedAt = now();
    await joinMember(database.pool, { consumerId, member: name, connection, instance, leaseMs });
    let room = await roomOf(setup);
    // Its last member may have left, and closed it, in the same breath.
    while (openRooms.get(consumerId) !== room) room = await roomOf(setup);
    for (const other of [...room.streams.values()]) {
      if (other.member !== name) continue;
      other.end("replaced");
      room.streams.delete(other.connection);
    }
    const stream = new MemberStream(room.setup, room.readers, {
      member: name,
      connection,
      sink,
      now,
      leaseMs,
      maxSequences: options.maxSequences,
      readEvents: (topic, offsets) => readEventsAt(database.pool, topic, offsets),
      onLost: (held, deliveries) => void settleLost(settler, room.setup, { held, deliveries }).catch(onError),
      onOverdue: (it, overdue) => void retryOverdue(room, it, overdue).catch(onError),
      onParking: () => void settler.progress(room.setup).catch(onError),
      onDrained: () => void room.refresh(),
      onError,
    });
    stream.renewedAt = renewedAt;
    stream.knownChange = knownChange;
    room.streams.set(connection, stream);
    wakeups.announce(consumerChannel(consumerId));
    let leaving: Promise<void> | null = null;
    return {
      member: name,
      leave() {
        leaving ??= stream.isEnded ? Promise.resolve() : leave(room, stream, "left");
        return leaving;
      },
    };
  }

  /**
   * An ack timeout is a failed delivery like any other. A member that has answered nothing at all for so long is gone
   * as well: its partitions go to somebody who works.
   */
  async function retryOverdue(
    room: ConsumerRoom,
    stream: MemberStream,
    { of, isSilent }: OverdueDeliveries,
  ): Promise<void> {
    await settleOverdue(settler, room.setup, of);
    if (isSilent && !stream.isEnded) await leave(room, stream, "ack-timeout");
  }

  const loops = [heartbeat(), bringProgress()]; // After what they use: they run up to their first wait at once.
  async function shutDown(): Promise<void> {
    stop.abort();
    await Promise.allSettled([...loops, settling.close()]);
  }

  return {
    join: (request) => reachable(join(request)),
    settle: ({ consumerId }, items) => reachable(settling.settle(consumerId, items)),
    findSetup: (consumer, isFresh) => reachable(setups.find(consumer, isFresh)),
    inFlight: (consumerId) => inFlightOf(openRooms.get(consumerId)?.held() ?? []),
    counts() {
      const streams = [...allStreams()].map(([, stream]) => stream);
      return { members: streams.length, inFlight: streams.reduce((sum, stream) => sum + stream.inFlight, 0) };
    },
    async close() {
      isClosing = true;
      for (const [, stream] of allStreams()) stream.pause();
      const closeBy = now() + Math.min(drainMs, CLOSE_MS);
      while (now() < closeBy && [...allStreams()].some(([, stream]) => stream.inFlight > 0)) await delay(20);
      await Promise.allSettled([...openRooms.values()].map((room) => settler.progress(room.setup)));
      await Promise.allSettled([...allStreams()].map(([room, stream]) => leave(room, stream, "shutting-down")));
      await settling.drain();
      await shutDown();
    },
    async abandon() {
      isClosing = true;
      await shutDown();
      for (const [room, stream] of [...allStreams()]) end(room, stream, "shutting-down");
    },
  };
}
