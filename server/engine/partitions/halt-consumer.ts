import { insertAuditEntry } from "../../store/access/insert-audit-entry.ts";
import { lockConsumer } from "../../store/consumers/lock.ts";
import { selectPause, updatePause } from "../../store/consumers/pause.ts";
import type { ConsumerSetup } from "../../store/consumers/setup-select.ts";
import { type Database, transaction } from "../../store/database.ts";
import { hasDead } from "../../store/parked/dead-exists.ts";

/**
 * Pauses a topic-ordered consumer that stands before a dead event, and leaves an audit row. Asked for again it does
 * nothing, nor when what it was asked for is over: somebody may have discarded the event, or resumed the consumer.
 */
export async function haltConsumer(
  database: Database,
  { consumerId, consumer }: ConsumerSetup,
  reason: string,
): Promise<void> {
  await transaction(database.pool, async (db) => {
    if ((await lockConsumer(db, consumer)) === null) return;
    const before = await selectPause(db, consumerId);
    if (before?.kind === "halted" || !(await hasDead(db, consumerId))) return;
    const pause = { kind: "halted" as const, reason, by: "system", until: null };
    await updatePause(db, consumerId, pause);
    await insertAuditEntry(db, {
      actor: "system",
      action: "consumer.halted",
      target: `consumer:${consumer}`,
      before: { pause: before },
      after: { pause },
      reason,
    });
  });
}
