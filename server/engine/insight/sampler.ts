import { setTimeout as delay } from "node:timers/promises";
import { forgetOldAlerts } from "../../store/alerts/change.ts";
import type { Database, Queryable } from "../../store/database.ts";
import { insertSamples, SAMPLE_S } from "../../store/insight/samples-insert.ts";
import { coarsenSamples, deleteOldSamples } from "../../store/insight/samples-shrink.ts";
import { forgetOldAttempts } from "../../store/members/delivery-attempts-forget.ts";

export interface Sampler {
  close(): Promise<void>;
}

export interface SamplerOptions {
  readonly onError: (error: Error) => void;
  /** Looks at what was sampled at a time, in milliseconds since 1970; at the instance that wrote it. */
  readonly onSampled?: (at: number) => Promise<void>;
}

/** Samples between two rounds of shrinking what is old. */
const SHRINK_EVERY = 30;
/** Steps of one round: a day that was missed takes an hour to catch up with. */
const MAX_STEPS = 24;
const TABLES = ["consumer_sample", "topic_sample"] as const;

/**
 * Samples lag and rates every ten seconds, on the full ten of the database's clock, however many instances there are.
 * Nothing depends on it: a sample that is missed is a point that is missing.
 */
export function createSampler(database: Pick<Database, "patient">, { onError, onSampled }: SamplerOptions): Sampler {
  const stop = new AbortController();
  const running = run();

  async function run(): Promise<void> {
    for (let samples = 0; !stop.signal.aborted; samples++) {
      let nextInMs = SAMPLE_S * 1_000;
      try {
        const { at, isWritten, ...sampled } = await insertSamples(database.patient);
        const sampledAt = performance.now();
        nextInMs = sampled.nextInMs;
        if (isWritten) await onSampled?.(at);
        if (samples % SHRINK_EVERY === 0) await shrinkHistory(database.patient, stop.signal);
        nextInMs = Math.max(0, nextInMs - (performance.now() - sampledAt));
      } catch (error) {
        if (!stop.signal.aborted) onError(error as Error);
      }
      // A little after the full ten: a clock that is read a millisecond early would sample the ten before.
      await delay(nextInMs + 50, undefined, { signal: stop.signal, ref: false }).catch(() => undefined);
    }
  }

  return {
    async close() {
      stop.abort();
      await running;
    },
  };
}

/** One round: old samples are made coarser, very old ones and old attempts forgotten, in steps that each do little. */
export async function shrinkHistory(db: Queryable, signal: AbortSignal): Promise<void> {
  const kinds = [
    ...TABLES.flatMap((table) => [() => coarsenSamples(db, table), () => deleteOldSamples(db, table)]),
    () => forgetOldAttempts(db),
    () => forgetOldAlerts(db),
  ];
  for (const step of kinds) {
    for (let steps = 0; steps < MAX_STEPS && !signal.aborted; steps++) {
      if ((await step()) === 0) break;
    }
  }
}
