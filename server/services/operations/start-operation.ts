import { randomUUID } from "node:crypto";
import type { Operation, OperationKind } from "../../contract/operations.ts";
import type { Actor } from "../../domain/actor.ts";
import { OPERATIONS_CHANNEL } from "../../engine/operations/runner.ts";
import type { StoredOperationFilter } from "../../engine/operations/step.ts";
import type { Wakeups } from "../../engine/wakeups.ts";
import { insertAuditEntry } from "../../store/access/insert-audit-entry.ts";
import type { ConsumerSetup } from "../../store/consumers/setup-select.ts";
import type { Database } from "../../store/database.ts";
import { insertOperation, type OperationOptions, selectOperation } from "../../store/operations/table.ts";

export interface OperationDeps {
  readonly database: Database;
  readonly wakeups: Pick<Wakeups, "announce">;
}

export interface OperationStart {
  readonly setup: ConsumerSetup;
  readonly kind: OperationKind;
  /** In the operator's words. */
  readonly filter: object;
  readonly resolved: StoredOperationFilter;
  readonly options: OperationOptions;
  readonly total: number;
  readonly reason: string;
  readonly actor: Actor;
}

/** Enters an operation with its audit row; a runner takes it up at once. */
export async function startOperation({ database, wakeups }: OperationDeps, start: OperationStart): Promise<Operation> {
  const { setup, kind, filter, resolved, options, total, reason, actor } = start;
  const id = randomUUID();
  await database.prisma.$transaction(async (db) => {
    await insertOperation(db, {
      consumerId: setup.consumerId,
      id,
      kind,
      filter: { asked: filter, resolved },
      options,
      total,
      actor: actor.name,
      reason,
    });
    await insertAuditEntry(db, {
      actor: actor.name,
      action: `consumer.${kind}-started`,
      target: `consumer:${setup.consumer}`,
      after: { operation: id, filter, ...options, total },
      reason,
      requestId: actor.requestId,
    });
  });
  wakeups.announce(OPERATIONS_CHANNEL);
  const started = await selectOperation(database.prisma, id);
  if (started === null) throw new Error(`operation ${id} vanished after it was started`);
  return started.operation;
}
