import { setTimeout as delay } from "node:timers/promises";
import { DomainError } from "../../domain/errors.ts";
import { consumerChannel, parkedChannel } from "../../engine/partitions/consumer-channels.ts";
import type { Wakeups } from "../../engine/wakeups.ts";
import type { Database } from "../../store/database.ts";
import type { Services } from "../services.ts";
import { findProcessed } from "./is-processed.ts";

interface Deps {
  readonly database: Database;
  readonly wakeups: Pick<Wakeups, "listen">;
}

// Settling is announced to nobody outside the instance that holds the partition, so most waits end by the poll.
const POLL_MS = 100;
/** Looks are this far apart at least, however often settlements are announced. */
const APART_MS = 20;
/** With so many, polling takes about a tenth of what one PostgreSQL gives. */
const MAX_WAITERS = 250;

/**
 * Waits until a consumer has processed an event: for reading what one has written. Resolves with `processed: false` when
 * the time runs out or the signal aborts. Throws `queue-full` when too many wait here, and what `isProcessed` throws.
 */
export const awaitProcessed = ({ database, wakeups }: Deps): Services["awaitProcessed"] => {
  let waiters = 0;
  return async ({ timeoutMs, signal, ...of }) => {
    const startedAt = performance.now();
    const answer = async () => {
      const { consumerId, processed, position } = await findProcessed(database, of);
      return { consumerId, result: { processed, position, waitedMs: Math.round(performance.now() - startedAt) } };
    };
    const first = await answer();
    if (first.result.processed || timeoutMs === 0) return first.result;
    if (waiters >= MAX_WAITERS) {
      throw new DomainError("queue-full", "too many requests wait for positions here", { retryAfterSeconds: 1 });
    }
    waiters += 1;
    const bell = createBell();
    const stops = [consumerChannel, parkedChannel].map((channel) =>
      wakeups.listen(channel(first.consumerId), bell.ring),
    );
    signal?.addEventListener("abort", bell.ring);
    try {
      let { result } = first;
      const isGone = () => signal?.aborted === true;
      while (!result.processed && !isGone()) {
        const leftMs = timeoutMs - (performance.now() - startedAt);
        if (leftMs <= 0) break;
        await bell.wait(Math.min(leftMs, POLL_MS));
        if (!isGone()) ({ result } = await answer());
      }
      return { ...result, waitedMs: Math.round(performance.now() - startedAt) };
    } finally {
      waiters -= 1;
      for (const stop of stops) stop();
      signal?.removeEventListener("abort", bell.ring);
    }
  };
};

function createBell() {
  let isRung = false;
  let wake: (() => void) | null = null;
  return {
    ring() {
      isRung = true;
      wake?.();
    },
    /** Waits for the bell, `ms` at most and `APART_MS` at least. */
    async wait(ms: number): Promise<void> {
      await delay(Math.min(ms, APART_MS));
      if (!isRung && ms > APART_MS) {
        const timeout = setTimeout(() => wake?.(), ms - APART_MS);
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
        clearTimeout(timeout);
        wake = null;
      }
      isRung = false;
    },
  };
}
