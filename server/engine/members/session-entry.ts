import { randomBytes } from "node:crypto";
import { DomainError } from "../../domain/errors.ts";
import type { ConsumerSetup } from "../../store/consumers/setup-select.ts";
import type { Database } from "../../store/database.ts";
import { isInstanceAlive } from "../../store/instance-alive.ts";
import {
  type AdoptedLease,
  adoptSessions,
  noteConnection,
  type SessionAdoption,
} from "../../store/members/session-adopt.ts";
import { joinSession } from "../../store/members/session-join.ts";
import { selectLastPositionChange } from "../../store/positions/change-last.ts";
import { consumerChannel } from "../partitions/consumer-channels.ts";
import type { LocalConsumer } from "../partitions/local-consumer.ts";
import type { LocalConsumers } from "../partitions/local-consumers.ts";
import type { Wakeups } from "../wakeups.ts";
import { interruptedOf, recordInterrupted } from "./interrupted-deliveries.ts";
import type { MemberSession } from "./member-session.ts";

/** A session as it begins at this instance. */
export interface SessionStart {
  readonly id: string;
  readonly member: string;
  readonly lastNumber: number;
  readonly address: string | null;
  readonly adopted: readonly AdoptedLease[];
  readonly renewedAt: number;
  readonly knownChange: string | null;
}

export interface SessionEntryOptions {
  readonly database: Database;
  readonly wakeups: Pick<Wakeups, "announce">;
  readonly instance: string;
  readonly locals: LocalConsumers;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** How long a session lives without a heartbeat, by the grace of its consumer. */
  readonly lastsMs: (graceMs: number) => number;
  readonly createSession: (local: LocalConsumer, start: SessionStart) => MemberSession;
}

/** The three ways in which a session comes to be at this instance: it begins, it goes on, or it is taken over. */
export class SessionEntry {
  readonly #options: SessionEntryOptions;

  constructor(options: SessionEntryOptions) {
    this.#options = options;
  }

  /** Enters a new session; throws `member-name-taken`. */
  async begin(
    setup: ConsumerSetup,
    {
      member,
      address,
      isPull,
    }: { readonly member: string | null; readonly address: string | null; readonly isPull: boolean },
  ): Promise<[LocalConsumer, MemberSession]> {
    const { database, instance, locals, now, lastsMs, createSession } = this.#options;
    const { consumerId } = setup;
    const id = newSessionId();
    const name = member ?? `member-${id.slice(0, 8)}`;
    const knownChange = await selectLastPositionChange(database.pool, consumerId);
    const renewedAt = now();
    const entry = {
      consumerId,
      member: name,
      session: id,
      instance,
      address,
      isPull,
      lastsMs: lastsMs(setup.reconnectGraceMs),
    };
    let taken = await joinSession(database.pool, { ...entry, deadInstances: [] });
    if (taken !== null && taken.instance !== instance && !(await isInstanceAlive(database.pool, taken.instance))) {
      taken = await joinSession(database.pool, { ...entry, deadInstances: [taken.instance] });
    }
    if (taken !== null) {
      const { instance: server, ...who } = taken;
      throw new DomainError("member-name-taken", `another member is connected as "${name}"`, {
        facts: { member: name, server, ...who },
      });
    }
    const local = await locals.open(setup);
    for (const other of [...local.sessions.values()]) {
      if (other.member !== name) continue;
      const interrupted = interruptedOf(other, "replaced");
      locals.forget(local, other, "replaced");
      await recordInterrupted(database, setup, interrupted);
    }
    // Ending the last one of its name may have closed it.
    const open = await locals.open(setup);
    const of = { id, member: name, lastNumber: 0, address, adopted: [], renewedAt, knownChange };
    return [open, createSession(open, of)];
  }

  /** The session a member comes back to, if it is not over: from here, or from the instance where it was. */
  async resume(
    setup: ConsumerSetup,
    of: {
      readonly session: string;
      readonly member: string | null;
      readonly lastNumber: number | null;
      readonly address: string | null;
    },
  ): Promise<[LocalConsumer, MemberSession] | null> {
    const { database, instance, locals, lastsMs } = this.#options;
    const { consumerId } = setup;
    const { session: id, address } = of;
    const here = locals.get(consumerId);
    const known = here?.sessions.get(id);
    if (here !== undefined && known !== undefined && !known.isEnded) {
      if (of.member !== null && of.member !== known.member) return null;
      const note = { consumerId, session: id, instance, isConnected: true, address, lastsMs: lastsMs(known.graceMs) };
      if (await noteConnection(database.pool, note)) return known.isEnded ? null : [here, known];
      locals.forget(here, known, "replaced");
      return null;
    }
    const [adopted] = await this.adopt(setup, {
      of: { session: id, member: of.member },
      isConnected: true,
      address,
      lastNumber: of.lastNumber,
    });
    return adopted ?? null;
  }

  /** Takes sessions over from another instance. */
  async adopt(
    setup: ConsumerSetup,
    how: {
      readonly of: SessionAdoption["of"];
      readonly isConnected: boolean;
      readonly address: string | null;
      /** Of the last delivery that the member has; null = that is not known here. */
      readonly lastNumber: number | null;
    },
  ): Promise<[LocalConsumer, MemberSession][]> {
    const { database, wakeups, instance, locals, now, lastsMs, createSession } = this.#options;
    const { consumerId } = setup;
    const { of, isConnected, address } = how;
    // Beyond all that the instance before can have used: a place that the member has from there lies before these.
    const lastNumber = how.lastNumber ?? Date.now();
    const knownChange = await selectLastPositionChange(database.pool, consumerId);
    const renewedAt = now();
    const adopted = await adoptSessions(database, {
      ...{ consumerId, of, instance, isConnected, address },
      lastsMs: lastsMs(setup.reconnectGraceMs),
    });
    if (adopted.length === 0) return [];
    const local = await locals.open(setup);
    const sessions = adopted.map(({ session: id, member, isPull, leases }): [LocalConsumer, MemberSession] => {
      const session = createSession(local, {
        id,
        member,
        lastNumber,
        address,
        adopted: leases,
        renewedAt,
        knownChange,
      });
      if (!isConnected) session.wait(isPull ? "pull" : "stream");
      return [local, session];
    });
    wakeups.announce(consumerChannel(consumerId));
    await local.refresh();
    return sessions;
  }
}

/** A session's name stands in every frame, and has to be known to go on with it: 96 random bits. */
function newSessionId(): string {
  return randomBytes(12).toString("base64url");
}
