import { DomainError, invalidField } from "../../domain/errors.ts";
import { consumerChannel } from "../../engine/partitions/consumer-channels.ts";
import type { Wakeups } from "../../engine/wakeups.ts";
import { insertAuditEntry } from "../../store/access/insert-audit-entry.ts";
import { describeConsumers } from "../../store/consumers/describe.ts";
import { lockConsumer } from "../../store/consumers/lock.ts";
import { selectPause, updatePause } from "../../store/consumers/pause.ts";
import { type Database, transaction } from "../../store/database.ts";
import type { Services } from "../services.ts";

interface Deps {
  readonly database: Database;
  readonly wakeups: Pick<Wakeups, "announce">;
}

/** Delivers nothing new from now on, at any instance, and tells the members; what is in flight may be settled. */
export const pauseConsumer =
  ({ database, wakeups }: Deps): Services["pauseConsumer"] =>
  async ({ consumer, until, reason, actor }) => {
    if (until !== undefined && Date.parse(until) <= Date.now()) throw invalidField("until", "must lie ahead");
    const consumerId = await transaction(database.pool, async (db) => {
      const locked = await lockConsumer(db, consumer);
      if (locked === null) throw new DomainError("consumer-not-found", `there is no consumer "${consumer}"`);
      const before = await selectPause(db, locked.id);
      const pause = { kind: "operator" as const, reason, by: actor.name, until: until ?? null };
      await updatePause(db, locked.id, pause);
      await insertAuditEntry(db, {
        actor: actor.name,
        action: "consumer.paused",
        target: `consumer:${consumer}`,
        before: { pause: before },
        after: { pause },
        reason,
        requestId: actor.requestId,
      });
      return locked.id;
    });
    wakeups.announce(consumerChannel(consumerId));
    const [description] = await describeConsumers(database.pool, [consumer]);
    if (description === undefined) throw new Error(`consumer "${consumer}" vanished after it was paused`);
    return description;
  };
