import { createClient } from "../../client/create-client.ts";
import { serve } from "../harness/child.ts";
import type { HttpTarget } from "../load/http-connection.ts";

/** Handlers that may run at once, as a component with short I/O would ask for. */
const CONCURRENCY = 256;

export type SdkMember = typeof methods;
const methods = serve({
  /** Consumes `head` events with a handler that does nothing; answers events per second, all of them settled. */
  run: async ({ target, consumer, head }: { target: HttpTarget; consumer: string; head: number }) => {
    const client = createClient({ url: `http://127.0.0.1:${target.port}`, apiKey: target.apiKey ?? "" });
    const stop = new AbortController();
    let handled = 0;
    const startedAt = performance.now();
    await client.consume(
      consumer,
      async () => {
        handled++;
        if (handled === head) stop.abort();
      },
      { concurrency: CONCURRENCY, signal: stop.signal },
    );
    // consume returns after what was in flight is settled.
    return (head * 1000) / (performance.now() - startedAt);
  },
});
