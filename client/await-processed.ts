import { pause } from "./backoff.ts";
import { path, type Transport } from "./transport.ts";

export interface EventPlace {
  readonly consumer: string;
  readonly topic: string;
  readonly offset: number;
}

export interface WaitOptions {
  /** Default 30,000. */
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** One question waits less than one attempt of the transport may take. */
const MAX_WAIT_MS = 10_000;

/** Whether a consumer has settled an event, by now and for good. */
export async function isProcessed(transport: Transport, place: EventPlace): Promise<boolean> {
  const { consumer, topic, offset } = place;
  const query = new URLSearchParams({ topic, offset: String(offset) });
  const answer = await transport.ask(`${path("consumers", consumer, "processed")}?${query}`);
  return (JSON.parse(answer) as { processed: boolean }).processed;
}

/** Waits until a consumer has settled an event. False: the time ran out first. */
export async function awaitProcessed(
  transport: Transport,
  place: EventPlace,
  { timeoutMs = 30_000, signal }: WaitOptions,
): Promise<boolean> {
  const { consumer, topic, offset } = place;
  const endsAt = Date.now() + timeoutMs;
  for (;;) {
    const leftMs = Math.max(0, endsAt - Date.now());
    const waitMs = Math.min(leftMs, MAX_WAIT_MS);
    const query = new URLSearchParams({ topic, offset: String(offset), timeoutMs: String(Math.round(waitMs)) });
    const answer = await transport.ask(`${path("consumers", consumer, "positions", "wait")}?${query}`, { signal });
    if ((JSON.parse(answer) as { processed: boolean }).processed) return true;
    if (leftMs <= waitMs && Date.now() >= endsAt) return false;
    // A server that answers at once is not to be asked in a circle.
    await pause(Math.min(50, Math.max(0, endsAt - Date.now())), signal);
    signal?.throwIfAborted();
  }
}
