import { randomUUID } from "node:crypto";
import { DomainError } from "../../domain/errors.ts";
import { reachable } from "../../engine/database-unavailable.ts";
import { CONSUMERS_CHANNEL, consumerChannel } from "../../engine/partitions/consumer-channels.ts";
import type { Wakeups } from "../../engine/wakeups.ts";
import { insertAuditEntry } from "../../store/access/insert-audit-entry.ts";
import { insertBinEntry } from "../../store/bin/table.ts";
import { lockConsumer } from "../../store/consumers/lock.ts";
import { hideConsumer, selectConsumerHoldings } from "../../store/consumers/remove.ts";
import { type Database, patientTransaction, type Queryable } from "../../store/database.ts";
import { lockLeases } from "../../store/members/lease-lock.ts";
import { requireConsumer } from "../consumers/require-consumer.ts";
import type { RemovalRequest, Services } from "../services.ts";
import { describeRemoval, requireToken } from "./removal.ts";

interface Deps {
  readonly database: Database;
  readonly wakeups: Pick<Wakeups, "announce">;
}

/** Puts a consumer into the bin, with its positions, parked events, state and history. Nothing of before can be settled. */
export const removeConsumer = ({ database, wakeups }: Deps): Services["removeConsumer"] => {
  return async (request) => {
    const { consumer, isDryRun, mayRead } = request;
    if (isDryRun) {
      return reachable(
        (async () => {
          const { consumerId } = await requireConsumer(database.pool, consumer);
          const holds = await selectConsumerHoldings(database.patient, consumerId);
          return describeRemoval(database.pool, { targetId: consumerId, holds, entryId: null, mayRead });
        })(),
      );
    }
    const { consumerId, removal } = await reachable(
      patientTransaction(database.pool, (db) => remove(db, { ...request, consumer })),
    );
    wakeups.announce(CONSUMERS_CHANNEL);
    wakeups.announce(consumerChannel(consumerId));
    return removal;
  };
};

async function remove(db: Queryable, request: RemovalRequest & { readonly consumer: string }) {
  const { consumer, mayRead, actor } = request;
  const locked = await lockConsumer(db, consumer);
  if (locked === null) throw new DomainError("consumer-not-found", `there is no consumer "${consumer}"`);
  const targetId = locked.id;
  await lockLeases(db, { consumerId: targetId, partitions: "all" });
  const holds = await selectConsumerHoldings(db, targetId);
  const reason = requireToken(request, await describeRemoval(db, { targetId, holds, mayRead, entryId: null }));
  await hideConsumer(db, targetId);
  const entryId = randomUUID();
  const entry = { id: entryId, kind: "consumer", targetId, name: consumer, removedBy: actor.name } as const;
  await insertBinEntry(db, { ...entry, reason, holds, head: null });
  await insertAuditEntry(db, {
    actor: actor.name,
    action: "consumer.removed",
    target: `consumer:${consumer}`,
    before: holds,
    after: { bin: entryId },
    reason,
    requestId: actor.requestId,
  });
  return { consumerId: targetId, removal: await describeRemoval(db, { targetId, holds, mayRead, entryId }) };
}
