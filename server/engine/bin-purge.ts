import { setTimeout as delay } from "node:timers/promises";
import { insertAuditEntry } from "../store/access/insert-audit-entry.ts";
import { purgeConsumer, purgeTopic } from "../store/bin/purge-step.ts";
import { claimForPurge, deleteBinEntry, notePurged } from "../store/bin/table.ts";
import { type Database, transaction } from "../store/database.ts";

export interface BinPurge {
  close(): Promise<void>;
}

const EVERY_MS = 60_000;
const BETWEEN_STEPS_MS = 50;

/**
 * Purges what has been in the bin for its days, a bounded step at a time. Any number of instances may run it: an entry is
 * in the hands of one for the time of a step, and a step that dies leaves nothing undone.
 */
export function createBinPurge(
  database: Pick<Database, "pool">,
  { onError, everyMs = EVERY_MS }: { readonly onError: (error: Error) => void; readonly everyMs?: number },
): BinPurge {
  const stop = new AbortController();
  const { signal } = stop;
  const running = run();

  async function run(): Promise<void> {
    while (!signal.aborted) {
      let isMore = false;
      try {
        isMore = await purgeStep(database.pool);
      } catch (error) {
        if (!signal.aborted) onError(error as Error);
      }
      await delay(isMore ? BETWEEN_STEPS_MS : everyMs, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  return {
    async close() {
      stop.abort();
      await running;
    },
  };
}

/** One step; false when there is nothing to purge now, or others do it. */
export async function purgeStep(pool: Database["pool"]): Promise<boolean> {
  return transaction(pool, async (db) => {
    const entry = await claimForPurge(db);
    if (entry === null) return false;
    const { id, kind, targetId, name, purged } = entry;
    const deleted = kind === "topic" ? await purgeTopic(db, targetId) : await purgeConsumer(db, targetId);
    if (deleted > 0) {
      await notePurged(db, { id, deleted });
      return true;
    }
    await deleteBinEntry(db, id);
    await insertAuditEntry(db, {
      actor: "system",
      action: `${kind}.purged`,
      target: `${kind}:${name}`,
      after: { bin: id, rows: purged },
    });
    return true;
  });
}
