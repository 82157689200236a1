import type { Database } from "../store/database.ts";
import { probeWriting } from "../store/write-probe.ts";
import { databaseUnavailable } from "./database-unavailable.ts";

/** Whether the database can do its work, found out when somebody asks and not more often than needed. */
export interface DatabaseHealth {
  /** Rejects with `database-unavailable` unless the database can be read and written. Answers within `answerMs`. */
  check(): Promise<void>;
  /** Something was refused for the database's sake: the next check looks for itself. */
  suspect(): void;
}

export interface DatabaseHealthOptions {
  /** How long a good answer stands. */
  readonly freshMs?: number;
  readonly answerMs?: number;
  /** A statement that has waited for so long shows that the database does not answer, whatever others say. */
  readonly stalledMs?: number;
}

export function createDatabaseHealth(
  database: Pick<Database, "pool" | "waitedMs">,
  { freshMs = 5_000, answerMs = 2_000, stalledMs = 2_500 }: DatabaseHealthOptions = {},
): DatabaseHealth {
  let goodUntil = 0;
  let probing: Promise<void> | null = null;

  async function probe(): Promise<void> {
    const askedAt = performance.now();
    await probeWriting(database.pool);
    goodUntil = askedAt + freshMs;
  }

  return {
    async check() {
      if (database.waitedMs() > stalledMs) throw databaseUnavailable();
      if (performance.now() < goodUntil) return;
      // Whoever asks meanwhile shares the answer: a database that is slow is not asked once for every question.
      probing ??= probe().finally(() => {
        probing = null;
      });
      await withinTime(probing, answerMs);
    },
    suspect() {
      goodUntil = 0;
    },
  };
}

/** A database that does not answer is away, whatever its socket says. */
async function withinTime(work: Promise<void>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("no answer in time")), ms);
  });
  try {
    await Promise.race([work, late]);
  } catch (cause) {
    throw databaseUnavailable(cause);
  } finally {
    clearTimeout(timer);
  }
}
