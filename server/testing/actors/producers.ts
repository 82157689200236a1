import { setTimeout as delay } from "node:timers/promises";
import { contentHash } from "../oracle/entries.ts";
import type { Journal } from "../oracle/journal.ts";
import { ask, type Target } from "../publish-load.ts";

export interface ProducersOptions {
  readonly topic: string;
  readonly producers: number;
  /** Where they publish; a repeat goes to the next one. */
  readonly targets: readonly Target[];
  readonly keysEach?: number;
  /** Bytes of data in each event. */
  readonly bytes?: number;
  /** Between an answer and the next event. */
  readonly paceMs?: number;
  /** How long an answer is waited for; after that it is unknown. */
  readonly answerMs?: number;
}

/** One request, as its producer saw it. */
export interface Asked {
  readonly at: number;
  readonly tookMs: number;
  /** Null: no answer. */
  readonly status: number | null;
  readonly hasRetryAfter: boolean;
}

export interface Producers {
  readonly asked: readonly Asked[];
  readonly acknowledged: () => number;
  /** Waits until so many more were acknowledged. */
  untilAcknowledged(more: number, withinMs?: number): Promise<void>;
  /** Ends when every producer has had its last answer. */
  finish(): Promise<void>;
  /** Ends at once; what is under way stays unknown. */
  abandon(): Promise<void>;
}

const GIVE_UP_MS = 120_000;
const REPEAT_MS = 50;

/** Producers that repeat whatever got no answer, with the same ids, and write down each step. */
export function startProducers(openJournal: (by: string) => Journal, options: ProducersOptions): Producers {
  const { topic, producers, targets, keysEach = 4, bytes = 16, paceMs = 0, answerMs = 15_000 } = options;
  const asked: Asked[] = [];
  const leaving = new AbortController();
  let acknowledged = 0;
  let isFinishing = false;

  async function publishUntilAnswered(journal: Journal, n: number): Promise<void> {
    const id = `${journal.by}-${n}`;
    const event = { type: "t", key: `${journal.by}-k${n % keysEach}`, data: { n, fill: "x".repeat(bytes) } };
    for (const [until, tries] = [Date.now() + GIVE_UP_MS, { count: 0 }]; ; await delay(REPEAT_MS)) {
      if (leaving.signal.aborted) return;
      if (Date.now() > until) throw new Error(`no answer for ${id} within ${GIVE_UP_MS / 1000} s`);
      const target = targets[(n + tries.count++) % targets.length];
      if (target === undefined) throw new Error("nowhere to publish");
      journal.note({ kind: "intent", topic, id, key: event.key, hash: contentHash(event) });
      const startedAt = performance.now();
      const tell = (status: number | null, hasRetryAfter = false) =>
        asked.push({ at: startedAt, tookMs: performance.now() - startedAt, status, hasRetryAfter });
      let status: number;
      let body: string;
      try {
        const signal = AbortSignal.any([leaving.signal, AbortSignal.timeout(answerMs)]);
        const init = { method: "POST", body: JSON.stringify({ ...event, id }), signal };
        const answer = await ask(target, `/v1/topics/${topic}/events`, init);
        body = await answer.text();
        status = answer.status;
        tell(status, /^\d+$/.test(answer.headers.get("retry-after") ?? ""));
      } catch {
        tell(null);
        journal.note({ kind: "answer", topic, id, outcome: "unknown", status: null });
        continue;
      }
      if (status === 201) {
        const offset = (JSON.parse(body) as { events: { offset: number }[] }).events[0]?.offset ?? Number.NaN;
        journal.note({ kind: "answer", topic, id, outcome: "acked", offset });
        acknowledged += 1;
        return;
      }
      const isRefused = status < 500;
      journal.note({ kind: "answer", topic, id, outcome: isRefused ? "refused" : "unknown", status });
      if (isRefused && status !== 429) throw new Error(`${status}: ${body}`);
    }
  }

  async function run(journal: Journal): Promise<void> {
    for (let n = 0; !isFinishing && !leaving.signal.aborted; n += 1) {
      await publishUntilAnswered(journal, n);
      if (paceMs > 0) await delay(paceMs);
    }
  }

  const running = Promise.all(Array.from({ length: producers }, (_, i) => run(openJournal(`producer-${topic}-${i}`))));
  running.catch(() => undefined);
  return {
    asked,
    acknowledged: () => acknowledged,
    async untilAcknowledged(more, withinMs = 60_000) {
      const goal = acknowledged + more;
      for (const until = Date.now() + withinMs; acknowledged < goal; await delay(10)) {
        if (Date.now() > until) throw new Error(`only ${acknowledged} of ${goal} events were acknowledged`);
      }
    },
    async finish() {
      isFinishing = true;
      await running;
    },
    async abandon() {
      leaving.abort();
      await running;
    },
  };
}
