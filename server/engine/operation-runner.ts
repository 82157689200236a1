import { setTimeout as delay } from "node:timers/promises";
import { paceOf } from "../domain/operation-pace.ts";
import type { Database } from "../store/database.ts";
import { type ClaimedOperation, claimOperations, countOutstanding } from "../store/operation-claim.ts";
import { updateOperationStatus } from "../store/operation-table.ts";
import { settledChannel } from "./consumer-channels.ts";
import { stepOperation } from "./operation-step.ts";
import type { Wakeups } from "./wakeups.ts";

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
  /** Finishes the step under way and stops; whoever runs next goes on from there. */
  close(): Promise<void>;
}

const CLAIM_MS = 10_000;
/** Between two looks while something runs, and while nothing does. */
const BUSY_MS = 200;
const IDLE_MS = 1_000;

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
      try {
        const claimed = await claimOperations(database.pool, { instance, claimMs });
        isBusy = claimed.length > 0;
        for (const operation of claimed) {
          if (stop.signal.aborted) break;
          await advance(operation).catch((error: Error) => onError(error));
        }
        forget(claimed);
      } catch (error) {
        if (!stop.signal.aborted) onError(error as Error);
      }
      await rest(isBusy ? BUSY_MS : IDLE_MS);
    }
  }

  async function advance(operation: ClaimedOperation): Promise<void> {
    const { consumerId, id, options: asked } = operation;
    const outstanding = await countOutstanding(database.pool, { consumerId, id });
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
    if (taken > 0) wakeups.announce(settledChannel(consumerId));
    wake.abort();
  }

  async function end(operation: ClaimedOperation, status: "done" | "failed", note?: string): Promise<void> {
    const { consumerId, id } = operation;
    await updateOperationStatus(database.pool, { consumerId, id, status, ...(note !== undefined && { note }) });
    paces.delete(id);
  }

  function forget(claimed: readonly ClaimedOperation[]): void {
    const ids = new Set(claimed.map((it) => it.id));
    for (const id of paces.keys()) if (!ids.has(id)) paces.delete(id);
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
