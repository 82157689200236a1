import { type Figures, figuresOf } from "../../domain/figures.ts";
import type { Queryable } from "../../store/database.ts";
import { isDatabaseAway } from "../../store/database-errors.ts";
import { type FigureBounds, selectFigures } from "../../store/insight/figures-select.ts";
import type { DatabaseHealth } from "../database-health.ts";
import { type CountMatching, MatchingLags, type MatchingLagsOptions } from "./matching-lags.ts";

export interface FiguresReading {
  /** Whether the database can be read and written. */
  readonly isDatabaseUp: boolean;
  /** Null: the database is away, or has not answered for too long. */
  readonly figures: Figures | null;
  readonly ageSeconds: number;
}

/** What the database knows, for who asks every few seconds: one statement at a time, whoever asks. */
export interface DatabaseFigures {
  /** Answers within `waitMs`, or within that of the database's health. Never rejects. */
  read(): Promise<FiguresReading>;
  /** Waits for a statement that runs. */
  close(): Promise<void>;
}

export interface DatabaseFiguresOptions {
  readonly health: Pick<DatabaseHealth, "check">;
  readonly countMatching: CountMatching;
  readonly onError: (error: Error) => void;
  readonly matching?: MatchingLagsOptions;
  readonly bounds?: Partial<FigureBounds>;
  /** How long figures stand, at least. */
  readonly freshMs?: number;
  /** How long newer ones are waited for; then those before are told, with their age. */
  readonly waitMs?: number;
  /** Older ones are told no more. */
  readonly keepMs?: number;
  /** Monotonic milliseconds. */
  readonly now?: () => number;
}

const FRESH_MS = 5_000;
const WAIT_MS = 2_000;
const KEEP_MS = 60_000;
/** Reading takes a twentieth of one connection at most: figures that took long stand longer. */
const FRESH_SHARE = 20;

export function createDatabaseFigures(db: Queryable, options: DatabaseFiguresOptions): DatabaseFigures {
  const { freshMs = FRESH_MS, waitMs = WAIT_MS, keepMs = KEEP_MS, now = () => performance.now() } = options;
  const matching = new MatchingLags(options.countMatching, options.matching);
  let last: { readonly figures: Figures; readonly readAt: number; readonly freshUntil: number } | null = null;
  let reading: Promise<void> | null = null;
  let isClosed = false;

  async function readAnew(): Promise<void> {
    const readAt = now();
    try {
      const facts = await selectFigures(db, options.bounds);
      await matching.count(facts.subscriptions);
      const standsMs = Math.min(keepMs / 2, Math.max(freshMs, (now() - readAt) * FRESH_SHARE));
      last = { figures: figuresOf(facts, (it) => matching.of(it)), readAt, freshUntil: readAt + standsMs };
    } catch (error) {
      if (!isClosed && !isDatabaseAway(error)) options.onError(error as Error);
    }
  }

  async function refresh(): Promise<void> {
    if (isClosed || (last !== null && now() < last.freshUntil)) return;
    reading ??= readAnew().finally(() => {
      reading = null;
    });
    await withinTime(reading, waitMs);
  }

  return {
    async read() {
      const check = options.health.check().then(
        () => true,
        () => false,
      );
      const [isDatabaseUp] = await Promise.all([check, refresh()]);
      const ageMs = last === null ? 0 : now() - last.readAt;
      const isTold = isDatabaseUp && ageMs <= keepMs;
      return {
        isDatabaseUp,
        figures: isTold ? (last?.figures ?? null) : null,
        ageSeconds: isTold ? ageMs / 1_000 : 0,
      };
    },
    async close() {
      isClosed = true;
      await reading;
    },
  };
}

async function withinTime(work: Promise<void>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([work, late]);
  clearTimeout(timer);
}
