import { DomainError } from "../../domain/errors.ts";
import { consumerChannel, parkedChannel } from "../../engine/partitions/consumer-channels.ts";
import type { Wakeups } from "../../engine/wakeups.ts";
import { insertAuditEntry } from "../../store/access/insert-audit-entry.ts";
import { describeConsumers } from "../../store/consumers/describe.ts";
import { lockConsumer } from "../../store/consumers/lock.ts";
import { selectPause, updatePause } from "../../store/consumers/pause.ts";
import { type Database, transaction } from "../../store/database.ts";
import { lockLeases } from "../../store/members/lease-lock.ts";
import { retryDeadHeads } from "../../store/parked/heads-retry.ts";
import { raiseParkedVersion } from "../../store/parked/version-raise.ts";
import type { Services } from "../services.ts";

interface Deps {
  readonly database: Database;
  readonly wakeups: Pick<Wakeups, "announce">;
}

/** Delivers again. A consumer that an event out of attempts has halted tries that event anew, with all its attempts. */
export const resumeConsumer =
  ({ database, wakeups }: Deps): Services["resumeConsumer"] =>
  async ({ consumer, reason, actor }) => {
    const consumerId = await transaction(database.pool, async (db) => {
      const locked = await lockConsumer(db, consumer);
      if (locked === null) throw new DomainError("consumer-not-found", `there is no consumer "${consumer}"`);
      const before = await selectPause(db, locked.id);
      // Whatever kind of pause it is: another one may have come on top of the halt.
      if (locked.ordering === "topic") {
        await lockLeases(db, { consumerId: locked.id, partitions: "all" });
        await retryDeadHeads(db, { consumerId: locked.id, attempts: locked.retry.maxAttempts });
        await raiseParkedVersion(db, locked.id);
      }
      await updatePause(db, locked.id, null);
      await insertAuditEntry(db, {
        actor: actor.name,
        action: "consumer.resumed",
        target: `consumer:${consumer}`,
        before: { pause: before },
        after: { pause: null },
        reason,
        requestId: actor.requestId,
      });
      return locked.id;
    });
    wakeups.announce(consumerChannel(consumerId));
    wakeups.announce(parkedChannel(consumerId));
    const [description] = await describeConsumers(database.pool, [consumer]);
    if (description === undefined) throw new Error(`consumer "${consumer}" vanished after it was resumed`);
    return description;
  };
