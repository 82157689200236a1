import { lockConsumer } from "../store/consumer-lock.ts";
import { selectPause, updatePause } from "../store/consumer-pause.ts";
import { type Database, transaction } from "../store/database.ts";
import { insertAuditEntry } from "../store/insert-audit-entry.ts";
import { hasDead } from "../store/parked-dead-exists.ts";

/**
 * Pauses a consumer that must not go on by itself, and leaves an audit row. Asked for again it does nothing, nor when what
 * it was asked for is over: somebody may have discarded the event, or resumed the consumer. A storm is none for a
 * consumer that is paused: what fails then was in flight, and the pause that is there has its own reason and end.
 */
export async function haltConsumer(
  database: Database,
  halt: {
    readonly consumerId: number;
    readonly consumer: string;
    readonly kind: "storm" | "halted";
    readonly reason: string;
    /** It ends by itself after so many milliseconds; absent = when somebody resumes. */
    readonly endsInMs?: number;
  },
): Promise<void> {
  const { consumerId, consumer, kind, reason, endsInMs } = halt;
  await transaction(database.pool, async (db) => {
    if ((await lockConsumer(db, consumer)) === null) return;
    const before = await selectPause(db, consumerId);
    if (kind === "storm" ? before !== null : before?.kind === "halted" || !(await hasDead(db, consumerId))) return;
    const pause = { kind, reason, by: "system", until: endsInMs === undefined ? null : timeIn(endsInMs) };
    await updatePause(db, consumerId, pause);
    await insertAuditEntry(db, {
      actor: "system",
      action: kind === "storm" ? "consumer.storm" : "consumer.halted",
      target: `consumer:${consumer}`,
      before: { pause: before },
      after: { pause },
      reason,
    });
  });
}

function timeIn(ms: number): string {
  return new Date(Date.now() + ms).toISOString();
}
