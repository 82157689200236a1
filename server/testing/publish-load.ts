import { setTimeout as delay } from "node:timers/promises";
import type { CloudEvent } from "../contract/events.ts";

export interface Target {
  readonly url: string;
  readonly apiKey: string;
}

export interface Load {
  /** Per event id: the offset its publisher was told. */
  readonly acknowledged: ReadonlyMap<string, number>;
  /** Ends when every publisher has had its last answer. */
  finish(): Promise<void>;
}

/** Publishers that repeat whatever got no answer, with the same ids, as the documentation tells them to. */
export function publishLoad(target: Target, options: { topic: string; publishers: number }): Load {
  const acknowledged = new Map<string, number>();
  let isFinishing = false;
  const run = async (publisher: number) => {
    for (let n = 0; !isFinishing; n += 1) {
      const id = `${publisher}-${n}`;
      acknowledged.set(id, await publishUntilAnswered(target, options.topic, { id, key: `k${publisher}`, type: "t" }));
    }
  };
  const running = Array.from({ length: options.publishers }, (_, publisher) => run(publisher));
  return {
    acknowledged,
    async finish() {
      isFinishing = true;
      await Promise.all(running);
    },
  };
}

interface PublishedBody {
  readonly id: string;
  readonly key: string;
  readonly type: string;
}

async function publishUntilAnswered(target: Target, topic: string, event: PublishedBody): Promise<number> {
  for (const until = Date.now() + 60_000; Date.now() < until; await delay(20)) {
    try {
      const answer = await ask(target, `/v1/topics/${topic}/events`, { method: "POST", body: JSON.stringify(event) });
      if (answer.status === 201) {
        const { events } = (await answer.json()) as { events: { offset: number }[] };
        return events[0]?.offset ?? Number.NaN;
      }
      const problem = await answer.text();
      if (answer.status !== 503 && answer.status !== 429) throw new TypeError(`${answer.status}: ${problem}`);
    } catch (error) {
      // Connection refused or broken off: the outcome is unknown, and repeating makes it known.
      if (error instanceof TypeError && /^\d{3}:/.test(error.message)) throw error;
    }
  }
  throw new Error(`no answer for ${event.id} within a minute`);
}

export function ask(target: Target, path: string, init: RequestInit = {}): Promise<Response> {
  return fetch(`${target.url}${path}`, {
    ...init,
    headers: { authorization: `Bearer ${target.apiKey}`, "content-type": "application/json", ...init.headers },
    signal: init.signal ?? AbortSignal.timeout(10_000),
  });
}

/** Every event of a topic, by pages. */
export async function readWholeTopic(target: Target, topic: string): Promise<CloudEvent[]> {
  const all: CloudEvent[] = [];
  for (let after: number | null = 0; after !== null; ) {
    const answer = await ask(target, `/v1/topics/${topic}/events?after=${after}&limit=1000`);
    const page = (await answer.json()) as { events: CloudEvent[]; next: number | null };
    all.push(...page.events);
    after = page.next;
  }
  return all;
}
