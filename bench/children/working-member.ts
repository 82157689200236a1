import { createClient, RetryLater } from "../../client/create-client.ts";
import { serve } from "../harness/child.ts";
import type { HttpTarget } from "../load/http-connection.ts";

/** Handlers that may run at once, as a component with short I/O would ask for. */
const CONCURRENCY = 256;
const STATE_KEYS = 1_000;

export type WorkingMember = typeof methods;
const methods = serve({
  /** Publishes events spread over so many keys, in batches. */
  fill: async ({
    target,
    topic,
    events,
    keys,
  }: {
    target: HttpTarget;
    topic: string;
    events: number;
    keys: number;
  }) => {
    const client = clientOf(target);
    const data = { filler: "x".repeat(230) };
    for (let from = 0; from < events; from += 500) {
      const count = Math.min(500, events - from);
      await client.publish(
        topic,
        Array.from({ length: count }, (_, i) => ({ type: "bench.done", key: `key-${(from + i) % keys}`, data })),
      );
    }
  },

  /**
   * Consumes `events` events by the SDK: with `state`, each settlement writes one entry; with `failing`, one event in a
   * hundred fails once. Answers events per second, all of them settled.
   */
  run: async ({ target, consumer, events, work }: Run) => {
    const client = clientOf(target);
    const stop = new AbortController();
    let done = 0;
    const startedAt = performance.now();
    await client.consume(
      consumer,
      async (context) => {
        if (work === "failing" && context.offset % 100 === 0 && context.attempt === 1) throw new RetryLater(0);
        if (work === "state") context.state.set(`key-${context.offset % STATE_KEYS}`, context.offset);
        done++;
        if (done === events) stop.abort();
      },
      { concurrency: CONCURRENCY, signal: stop.signal, onError: () => {} },
    );
    // consume returns after what was in flight is settled.
    return (events * 1000) / (performance.now() - startedAt);
  },
});

function clientOf({ port, apiKey }: HttpTarget) {
  return createClient({ url: `http://127.0.0.1:${port}`, apiKey: apiKey ?? "" });
}

interface Run {
  readonly target: HttpTarget;
  readonly consumer: string;
  readonly events: number;
  readonly work: "nothing" | "state" | "failing";
}
