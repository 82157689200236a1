import { retryDelayMs } from "../../domain/retry-policy.ts";
import type { ConsumerSetup } from "../../store/consumers/setup-select.ts";
import { type Database, transaction } from "../../store/database.ts";
import { insertDeliveryAttempts, type NewDeliveryAttempt } from "../../store/members/delivery-attempts-insert.ts";
import { CONNECTION_LOST } from "../../store/members/delivery-attempts-select.ts";
import { lockLeases } from "../../store/members/lease-lock.ts";
import { interruptParked } from "../../store/parked/interrupt.ts";
import { raiseParkedVersion } from "../../store/parked/version-raise.ts";
import { connectionLostError, storedError } from "../settling/stored-error.ts";
import type { EndReason } from "./frame-sink.ts";
import type { MemberSession } from "./member-session.ts";

const MAX_INTERRUPTED = 1_000;

export interface InterruptedDelivery extends NewDeliveryAttempt {
  readonly partition: number;
  readonly epoch: number;
  /** The event was alone in flight: so often it had been lost alone before. */
  readonly lostAlone: number | null;
}

/** Ends of a session that no event can be the cause of. */
const HARMLESS: Partial<Record<EndReason, { readonly name: string; readonly message: string }>> = {
  "shutting-down": { name: "ServerStopped", message: "the server stopped during the delivery" },
  left: { name: "MemberLeft", message: "the member said goodbye during the delivery" },
};

/** The attempts that end with the session of a member: no failures, but the next delivery is not the first. */
export function interruptedOf(session: MemberSession, reason: EndReason): InterruptedDelivery[] {
  const harmless = HARMLESS[reason];
  const error = storedError(
    harmless ?? { name: CONNECTION_LOST, message: "the member's connection ended during the delivery" },
  );
  return [...session.held.values()]
    .flatMap((held) =>
      [...held.inFlightDeliveries()].map((it) => {
        const head = held.flows.get(it.topicId)?.headAt(it.offset);
        const lostAlone = harmless === undefined ? (head?.lostAlone ?? null) : null;
        return { ...it, partition: held.partition, epoch: held.epoch, lostAlone };
      }),
    )
    .slice(0, MAX_INTERRUPTED)
    .map((it) => ({ ...it, member: session.member, outcome: "interrupted" as const, error }));
}

/**
 * Notes them, so that the next delivery says that it is not the first. Only under the leases they were made under: where
 * somebody else has claimed the partition meanwhile, the numbers belong to the deliveries that are in flight there. One
 * that was lost alone waits longer each time, and is a dead letter after `maxAttempts`.
 */
export async function recordInterrupted(
  database: Database,
  { consumerId, retry }: Pick<ConsumerSetup, "consumerId" | "retry">,
  interrupted: readonly InterruptedDelivery[],
): Promise<void> {
  if (interrupted.length === 0) return;
  const delays = interrupted.map(({ lostAlone }) => {
    if (lostAlone === null) return null;
    const failure = { attempt: lostAlone + 1, attemptsMax: retry.maxAttempts, errorName: "", delayMs: null };
    return { dueInMs: retryDelayMs(retry, { ...failure, random: Math.random() }) };
  });
  await transaction(database.pool, async (db) => {
    const partitions = [...new Set(interrupted.map((it) => it.partition))];
    const leases = await lockLeases(db, { consumerId, partitions });
    const mine = interrupted.flatMap((it, i) =>
      leases.get(it.partition)?.epoch === it.epoch ? [{ ...it, alone: delays[i] ?? null }] : [],
    );
    await insertDeliveryAttempts(db, { consumerId, attempts: mine });
    await interruptParked(db, { consumerId, deliveries: mine, error: connectionLostError() });
    const changed = new Set(mine.filter((it) => it.alone !== null).map((it) => it.partition));
    if (changed.size > 0) await raiseParkedVersion(db, consumerId, [...changed]);
  });
}
