import { setTimeout as delay } from "node:timers/promises";
import { paceOf } from "../../domain/operation-pace.ts";
import type { Database } from "../../store/database.ts";
import {
  type ClaimedOperation,
  claimOperations,
  endOperation,
  releaseOperations,
} from "../../store/operations/claim.ts";
import { parkedChannel } from "../partitions/consumer-channels.ts";
import type { Wakeups } from "../wakeups.ts";
import { stepOperation } from "./step.ts";

/** Something was started, paused, resumed or changed: runners look again at once. */
export const OPERATIONS_CHANNEL = "operations";

export interface OperationRunnerOptions {
  readonly database: Database;
  readonly wakeups: Pick<Wakeups, "announce" | "listen">;
  readonly instance: string;
  readonly onError: (error: Error) => void;
  /** How long a claim lives without a renewal. */
  readonly claimMs?: number;
  /** Monotonic milliseconds. */
  readonly now?: () => number;
}

export interface OperationRunner {
  /** Finishes the step under way, lets go of its operations and stops; whoever runs next goes on from there at once. */
  close(): Promise<void>;
}

const CLAIM_MS = 10_000;
/** Between two looks while something runs, and while nothing does. */
const BUSY_MS = 200;
const IDLE_MS = 1_000;
/** A rate is kept in mind for so long after the last step. */
const REMEMBERED_MS = 60_000;

/** Runs operations a step at a time, those of all consumers side by side with other instances. */
export function startOperationRunner(options: OperationRunnerOptions): OperationRunner {
  const { database, wakeups, instance, onError } = options;
  const claimMs = options.claimMs ?? CLAIM_MS;
  const now = options.now ?? (() => performance.now());
  const paces = new Map<string, { steppedAt: number; carried: number }>();
  const stop = new AbortController();
  let wake = new AbortController();
  const stopListening = wakeups.listen(OPERATIONS_CHANNEL, () => wake.abort());
  const running = run();

  async function run(): Promise<void> {
    while (!stop.signal.aborted) {
      let isBusy = false;
      let hasFailed = false;
      try {
        const claimed = await claimOperations(database.pool, { instance, claimMs });
        isBusy = claimed.length > 0;
        for (const operation of claimed) {
          if (stop.signal.aborted) break;
          await advance(operation).catch((error: Error) => {
            hasFailed = true;
            onError(error);
          });
        }
        forget();
      } catch (error) {
        hasFailed = true;
        if (!stop.signal.aborted) onError(error as Error);
      }
      // A step that fails is tried again at the slow pace: a database that is away is not hammered, nor is the log.
      if (hasFailed) await delay(IDLE_MS, undefined, { signal: stop.signal, ref: false }).catch(() => undefined);
      else await rest(isBusy ? BUSY_MS : IDLE_MS);
    }
    // Without the database the claims end by themselves.
    await releaseOperations(database.pool, instance).catch(() => undefined);
  }

  async function advance(operation: ClaimedOperation): Promise<void> {
    const { consumerId, id, outstanding, options: asked } = operation;
    const before = paces.get(id) ?? { steppedAt: now(), carried: 1 };
    const steppedAt = now();
    const pace = paceOf({
      rate: asked.rate ?? null,
      canary: asked.canary === true,
      done: operation.done,
      ok: operation.ok,
      failed: operation.failed,
      stopAfterFailures: asked.stopAfterFailures ?? null,
      outstanding,
      elapsedMs: steppedAt - before.steppedAt,
      carried: before.carried,
    });
    if (pace.kind === "stop") return end(operation, "failed", pace.note);
    paces.set(id, { steppedAt, carried: pace.carried });
    if (operation.isExhausted) {
      if (outstanding === 0) await end(operation, "done");
      return;
    }
    if (pace.count === 0) return;
    const { taken } = await stepOperation(database, { operation, instance, limit: pace.count });
    if (taken > 0) wakeups.announce(parkedChannel(consumerId));
    wake.abort();
  }

  async function end(operation: ClaimedOperation, status: "done" | "failed", note?: string): Promise<void> {
    const { consumerId, id } = operation;
    paces.delete(id);
    await endOperation(database.pool, { instance, consumerId, id, status, ...(note !== undefined && { note }) });
  }

  function forget(): void {
    const before = now() - REMEMBERED_MS;
    for (const [id, { steppedAt }] of paces) if (steppedAt < before) paces.delete(id);
  }

  /** Waits, but no longer than until something changes; while something runs a change is no reason to hurry beyond a pause. */
  async function rest(ms: number): Promise<void> {
    const woken = wake.signal.aborted;
    wake = new AbortController();
    const signal = AbortSignal.any([stop.signal, wake.signal]);
    await delay(woken ? Math.min(ms, 20) : ms, undefined, { signal, ref: false }).catch(() => undefined);
  }

  return {
    async close() {
      stop.abort();
      stopListening();
      await running;
    },
  };
}
