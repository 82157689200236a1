import { setTimeout as delay } from "node:timers/promises";
import type { ConsumerDescription } from "../../contract/consumers.ts";
import type { Journal } from "../oracle/journal.ts";
import { ask, type Target } from "../publish-load.ts";

const EVERY_MS = 100;

/** Writes down where a consumer is, several times a second, until it is told to end. */
export function watchPosition(
  target: Target,
  journal: Journal,
  { consumer, topic }: { readonly consumer: string; readonly topic: string },
): () => Promise<void> {
  const leaving = new AbortController();
  const watching = (async () => {
    while (!leaving.signal.aborted) {
      try {
        const signal = AbortSignal.any([leaving.signal, AbortSignal.timeout(10_000)]);
        const answer = await ask(target, `/v1/consumers/${consumer}`, { signal });
        if (answer.ok) {
          const { topics } = (await answer.json()) as ConsumerDescription;
          const position = topics.find((it) => it.topic === topic)?.position;
          if (position !== undefined) journal.note({ kind: "positioned", consumer, topic, position });
        }
      } catch {
        // Whoever was asked has just been killed.
      }
      await delay(EVERY_MS, undefined, { signal: leaving.signal }).catch(() => undefined);
    }
  })();
  return async () => {
    leaving.abort();
    await watching;
  };
}
