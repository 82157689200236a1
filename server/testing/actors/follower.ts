import { setTimeout as delay } from "node:timers/promises";
import { createParser } from "eventsource-parser";
import type { CloudEvent } from "../../contract/events.ts";
import { sightingOf } from "../oracle/entries.ts";
import type { Journal } from "../oracle/journal.ts";
import type { Target } from "../publish-load.ts";

export interface Follower {
  /** The last offset it was given. */
  readonly at: () => number;
  /** Times that it was connected. */
  readonly connections: () => number;
  /** True while a stream is open. */
  readonly isConnected: () => boolean;
  until(offset: number, withinMs?: number): Promise<void>;
  close(): Promise<void>;
}

const RETRY_MS = 100;

/** Follows a topic from its beginning, comes back with the last id it has, and writes down what it is given. */
export function startFollower(
  target: Target,
  journal: Journal,
  { topic, retryMs = RETRY_MS }: { readonly topic: string; readonly retryMs?: number },
): Follower {
  const leaving = new AbortController();
  let at = 0;
  let connections = 0;
  let isConnected = false;
  journal.note({ kind: "followed", topic, after: 0 });

  async function readStream(): Promise<void> {
    const answer = await fetch(`${target.url}/v1/topics/${topic}/events`, {
      headers: {
        authorization: `Bearer ${target.apiKey}`,
        accept: "text/event-stream",
        "last-event-id": String(at),
      },
      signal: leaving.signal,
    });
    if (!answer.ok || answer.body === null) throw new Error(await answer.text());
    connections += 1;
    isConnected = true;
    const parser = createParser({
      onEvent({ event, id, data }) {
        if (event === "gap") {
          const { firstAvailable } = JSON.parse(data) as { firstAvailable: number };
          journal.note({ kind: "gap", topic, firstAvailable });
        }
        if (id !== undefined) at = Number(id);
        if (event === undefined) journal.note({ kind: "read", ...sightingOf(JSON.parse(data) as CloudEvent) });
      },
    });
    const decoder = new TextDecoder();
    for await (const chunk of answer.body) parser.feed(decoder.decode(chunk as Uint8Array, { stream: true }));
  }

  const following = (async () => {
    while (!leaving.signal.aborted) {
      // Refused, cut, silent: all the same.
      await readStream().catch(() => undefined);
      isConnected = false;
      await delay(retryMs, undefined, { signal: leaving.signal }).catch(() => undefined);
    }
  })();
  return {
    at: () => at,
    connections: () => connections,
    isConnected: () => isConnected,
    async until(offset, withinMs = 60_000) {
      for (const end = Date.now() + withinMs; at < offset; await delay(20)) {
        if (Date.now() > end) throw new Error(`${journal.by} is at ${at}, not at ${offset}`);
      }
    },
    async close() {
      leaving.abort();
      await following;
    },
  };
}
