import { updatePause } from "../store/consumer-pause.ts";
import { type Database, transaction } from "../store/database.ts";
import { insertAuditEntry } from "../store/insert-audit-entry.ts";

/** Pauses a consumer that must not go on by itself, and leaves an audit row. */
export async function haltConsumer(
  database: Database,
  halt: {
    readonly consumerId: number;
    readonly consumer: string;
    readonly kind: "storm" | "halted";
    readonly reason: string;
  },
): Promise<void> {
  const { consumerId, consumer, kind, reason } = halt;
  await transaction(database.pool, async (db) => {
    const pause = { kind, reason, by: "system", until: null };
    await updatePause(db, consumerId, pause);
    await insertAuditEntry(db, {
      actor: "system",
      action: kind === "storm" ? "consumer.storm" : "consumer.halted",
      target: `consumer:${consumer}`,
      before: { pause: null },
      after: { pause },
      reason,
    });
  });
}
