import type { OperationStatus } from "../../contract/operations.ts";
import { DomainError } from "../../domain/errors.ts";
import { reachable } from "../../engine/database-unavailable.ts";
import { OPERATIONS_CHANNEL } from "../../engine/operations/runner.ts";
import { parkedChannel } from "../../engine/partitions/consumer-channels.ts";
import { insertAuditEntry } from "../../store/access/insert-audit-entry.ts";
import { type Queryable, transaction } from "../../store/database.ts";
import { lockLeases } from "../../store/members/lease-lock.ts";
import { deleteReplayRows } from "../../store/operations/replay-rows.ts";
import {
  lockOperation,
  lockOperationStatus,
  selectOperation,
  updateOperationOptions,
  updateOperationStatus,
} from "../../store/operations/table.ts";
import { mendSequences } from "../../store/parked/sequences-mend.ts";
import { raiseParkedVersion } from "../../store/parked/version-raise.ts";
import type { Services } from "../services.ts";
import type { OperationDeps } from "./start-operation.ts";

const NEXT = {
  pause: { from: ["queued", "running"], to: "paused", said: "operation.paused" },
  resume: { from: ["paused"], to: "queued", said: "operation.resumed" },
  abort: { from: ["queued", "running", "paused"], to: "aborted", said: "operation.aborted" },
} as const satisfies Record<string, { from: readonly OperationStatus[]; to: OperationStatus; said: string }>;

/**
 * Pauses, resumes or aborts an operation. What a redrive has taken up goes on to its outcome; what a replay has not
 * brought through yet is taken back: it is again what it was before.
 */
export const steerOperation =
  ({ database, wakeups }: OperationDeps): Services["steerOperation"] =>
  ({ id, verb, actor }) =>
    reachable(
      (async () => {
        const { from, to, said } = NEXT[verb];
        const { consumerId, operation } = await required(selectOperation(database.prisma, id));
        await transaction(database.pool, async (db) => {
          // The leases first, as everybody who changes parked events; then what the operation is by now.
          const takesBack = verb === "abort" && operation.kind === "replay";
          if (takesBack) await lockLeases(db, { consumerId, partitions: "all" });
          const status = await required(lockOperationStatus(db, { consumerId, id }));
          if (!(from as readonly OperationStatus[]).includes(status)) throw over(status);
          if (takesBack) await takeBackReplay(db, consumerId, id);
          await updateOperationStatus(db, { consumerId, id, status: to });
          await insertAuditEntry(db, {
            actor: actor.name,
            action: said,
            target: `consumer:${operation.consumer}`,
            before: { operation: id, status },
            after: { operation: id, status: to },
            requestId: actor.requestId,
          });
        });
        wakeups.announce(OPERATIONS_CHANNEL);
        if (verb === "abort") wakeups.announce(parkedChannel(consumerId));
        return (await required(selectOperation(database.prisma, id))).operation;
      })(),
    );

export const changeOperationRate =
  ({ database, wakeups }: OperationDeps): Services["changeOperationRate"] =>
  ({ id, rate, actor }) =>
    reachable(
      (async () => {
        await database.prisma.$transaction(async (db) => {
          const { operation: before } = await required(lockOperation(db, id));
          const { consumer, status, canary, stopAfterFailures } = before;
          if (status === "done" || status === "aborted" || status === "failed") throw over(status);
          await updateOperationOptions(db, id, {
            ...(rate !== null && { rate }),
            ...(canary && { canary }),
            ...(stopAfterFailures !== null && { stopAfterFailures }),
          });
          await insertAuditEntry(db, {
            actor: actor.name,
            action: "operation.rate-changed",
            target: `consumer:${consumer}`,
            before: { operation: id, rate: before.rate },
            after: { operation: id, rate },
            requestId: actor.requestId,
          });
        });
        wakeups.announce(OPERATIONS_CHANNEL);
        return (await required(selectOperation(database.prisma, id))).operation;
      })(),
    );

async function required<Found>(looked: Promise<Found | null>): Promise<Found> {
  const found = await looked;
  if (found === null) throw new DomainError("operation-not-found", "there is no such operation");
  return found;
}

function over(status: OperationStatus): DomainError {
  return new DomainError("operation-over", `the operation is ${status}`, { facts: { operationStatus: status } });
}

/** The leases must be locked. */
async function takeBackReplay(db: Queryable, consumerId: number, id: string): Promise<void> {
  const removed = await deleteReplayRows(db, { consumerId, operationId: id });
  if (removed.length === 0) return;
  await mendSequences(db, { consumerId, sequences: removed });
  await raiseParkedVersion(db, consumerId);
}
