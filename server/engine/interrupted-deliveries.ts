import { type Database, transaction } from "../store/database.ts";
import { insertDeliveryAttempts, type NewDeliveryAttempt } from "../store/delivery-attempts-insert.ts";
import { CONNECTION_LOST } from "../store/delivery-attempts-select.ts";
import { lockLeases } from "../store/lease-lock.ts";
import { interruptParked } from "../store/parked-interrupt.ts";
import type { EndReason } from "./frame-sink.ts";
import type { MemberStream } from "./member-stream.ts";
import { storedError } from "./stored-error.ts";

const MAX_INTERRUPTED = 1_000;

export interface InterruptedDelivery extends NewDeliveryAttempt {
  readonly partition: number;
  readonly epoch: number;
}

/** The attempts that end with the connection of a member: no failures, but the next delivery is not the first. */
export function interruptedOf(stream: MemberStream, reason: EndReason): InterruptedDelivery[] {
  const error = storedError(
    reason === "shutting-down"
      ? { name: "ServerStopped", message: "the server stopped during the delivery" }
      : { name: CONNECTION_LOST, message: "the member's connection ended during the delivery" },
  );
  return [...stream.held.values()]
    .flatMap((held) =>
      [...held.inFlightDeliveries()].map((it) => ({ ...it, partition: held.partition, epoch: held.epoch })),
    )
    .slice(0, MAX_INTERRUPTED)
    .map((it) => ({ ...it, member: stream.member, outcome: "interrupted" as const, error }));
}

/**
 * Notes them, so that the next delivery says that it is not the first. Only under the leases they were made under: where
 * somebody else has claimed the partition meanwhile, the numbers belong to the deliveries that are in flight there.
 */
export async function recordInterrupted(
  database: Database,
  consumerId: number,
  interrupted: readonly InterruptedDelivery[],
): Promise<void> {
  if (interrupted.length === 0) return;
  await transaction(database.pool, async (db) => {
    const partitions = [...new Set(interrupted.map((it) => it.partition))];
    const leases = await lockLeases(db, { consumerId, partitions });
    const mine = interrupted.filter((it) => leases.get(it.partition)?.epoch === it.epoch);
    await insertDeliveryAttempts(db, { consumerId, attempts: mine });
    await interruptParked(db, { consumerId, deliveries: mine });
  });
}
