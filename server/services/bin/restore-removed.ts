import { DomainError } from "../../domain/errors.ts";
import { reachable } from "../../engine/database-unavailable.ts";
import { CONSUMERS_CHANNEL, consumerChannel, TOPICS_CHANNEL } from "../../engine/partitions/consumer-channels.ts";
import type { Wakeups } from "../../engine/wakeups.ts";
import { insertAuditEntry } from "../../store/access/insert-audit-entry.ts";
import { deleteBinEntry, lockBinEntry, type StoredBinEntry, selectBin } from "../../store/bin/table.ts";
import { touchConsumer } from "../../store/consumers/lock.ts";
import { showConsumer } from "../../store/consumers/remove.ts";
import { takeBackParked } from "../../store/consumers/subscription-shelf.ts";
import { type Database, patientTransaction, type Queryable } from "../../store/database.ts";
import { isUniqueViolation } from "../../store/database-errors.ts";
import { beginStretch } from "../../store/insight/stretch-begin.ts";
import { lockLeases } from "../../store/members/lease-lock.ts";
import { raiseEpochs } from "../../store/members/lease-table.ts";
import { mendSequences } from "../../store/parked/sequences-mend.ts";
import { raiseParkedVersion } from "../../store/parked/version-raise.ts";
import { isNameTaken, lockReaders, showTopic } from "../../store/topics/remove.ts";
import type { Services } from "../services.ts";

interface Deps {
  readonly database: Database;
  readonly wakeups: Pick<Wakeups, "announce">;
}

/**
 * Brings back what was removed, with its history. Throws `bin-entry-not-found`, also when it is being purged, and
 * `name-taken` when something else is called so by now.
 */
export const restoreRemoved = ({ database, wakeups }: Deps): Services["restoreRemoved"] => {
  return async ({ id, as, mayRestore, reason, actor }) => {
    const { kind, name, consumers } = await reachable(
      patientTransaction(database.pool, async (db) => {
        const entry = await lockBinEntry(db, id);
        const [described] = await selectBin(db, { id });
        if (entry === null || described === undefined || described.isPurging) {
          throw new DomainError("bin-entry-not-found", "there is nothing of this id in the bin, or it is being purged");
        }
        const restoredAs = as ?? entry.name;
        mayRestore(entry.kind, entry.name, restoredAs);
        if (await isNameTaken(db, entry.kind, restoredAs)) {
          throw nameTaken(entry.kind, restoredAs);
        }
        const readers = entry.kind === "topic" ? await restoreTopic(db, entry, restoredAs) : [entry.targetId];
        if (entry.kind === "consumer") await showConsumer(db, entry.targetId, restoredAs);
        await deleteBinEntry(db, id);
        await insertAuditEntry(db, {
          actor: actor.name,
          action: `${entry.kind}.restored`,
          target: `${entry.kind}:${restoredAs}`,
          before: { bin: id, name: entry.name },
          after: { name: restoredAs },
          reason,
          requestId: actor.requestId,
        });
        return { kind: entry.kind, name: restoredAs, consumers: readers };
      }).catch((error: unknown) => {
        // Somebody was given the name in the same breath.
        throw isUniqueViolation(error) ? nameTaken("topic or consumer", as ?? "of before") : error;
      }),
    );
    wakeups.announce(kind === "topic" ? TOPICS_CHANNEL : CONSUMERS_CHANNEL);
    for (const consumer of consumers) wakeups.announce(consumerChannel(consumer));
    return { kind, name };
  };
};

function nameTaken(kind: string, name: string): DomainError {
  return new DomainError("name-taken", `there is another ${kind} "${name}" by now; restore it \`as\` another name`);
}

/** Returns its consumers: those that read it when it was removed, and were not declared without it since. */
async function restoreTopic(db: Queryable, entry: StoredBinEntry, name: string): Promise<number[]> {
  const topicId = entry.targetId;
  await showTopic(db, { topicId, entryId: entry.id, name });
  const readers = await lockReaders(db, topicId);
  for (const { id, ordering, partitions } of readers) {
    await lockLeases(db, { consumerId: id, partitions: "all" });
    const sequences = await takeBackParked(db, { consumerId: id, topicId, ordering, partitions });
    await mendSequences(db, { consumerId: id, sequences });
    await beginStretch(db, { consumerId: id, topicIds: [topicId], partitions });
    await raiseParkedVersion(db, id);
    await raiseEpochs(db, id);
    await touchConsumer(db, id);
  }
  return readers.map((it) => it.id);
}
