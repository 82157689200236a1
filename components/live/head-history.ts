import type { TopicDescription } from "@/server/contract/topics.ts";

interface Sample {
  readonly atMs: number;
  readonly head: number;
}

/** Ten minutes at one sample a second. */
const MAX_SAMPLES = 600;
const WINDOW_MS = 10_000;

/** The heads of all topics, second by second, since this tab was opened: rates come from nothing else. */
export class HeadHistory {
  readonly #samples = new Map<string, Sample[]>();

  record(topics: readonly Pick<TopicDescription, "topic" | "head">[], atMs: number): void {
    for (const { topic, head } of topics) {
      const samples = this.#samples.get(topic) ?? [];
      samples.push({ atMs, head });
      if (samples.length > MAX_SAMPLES) samples.shift();
      this.#samples.set(topic, samples);
    }
  }

  /** Events a second over the last ten; null until two samples are far enough apart to tell. */
  rate(topic: string): number | null {
    const samples = this.#samples.get(topic) ?? [];
    const last = samples.at(-1);
    if (last === undefined) return null;
    const first = samples.find((it) => it.atMs >= last.atMs - WINDOW_MS) ?? last;
    const ms = last.atMs - first.atMs;
    return ms < 900 ? null : ((last.head - first.head) * 1_000) / ms;
  }

  total(): number | null {
    const rates = [...this.#samples.keys()].map((topic) => this.rate(topic)).filter((rate) => rate !== null);
    return rates.length === 0 ? null : rates.reduce((sum, rate) => sum + rate, 0);
  }

  /** Events published per second, oldest first: the newest `count` seconds that are known. Of one topic or of all. */
  series(count: number, topic?: string): number[] {
    const all = topic === undefined ? [...this.#samples.values()] : [this.#samples.get(topic) ?? []];
    const bySecond = new Map<number, number>();
    for (const samples of all) {
      for (const [second, events] of perSecond(samples)) bySecond.set(second, (bySecond.get(second) ?? 0) + events);
    }
    if (bySecond.size === 0) return [];
    const last = Math.max(...bySecond.keys());
    const known = Math.min(count, last - Math.min(...bySecond.keys()) + 1);
    return Array.from({ length: known }, (_, index) => bySecond.get(last - known + 1 + index) ?? 0);
  }
}

/** Samples come about, not exactly, once a second: the head at each full second is read off the line between two. */
function* perSecond(samples: readonly Sample[]): Generator<readonly [second: number, events: number]> {
  let headBefore: number | null = null;
  for (const [index, now] of samples.entries()) {
    const before = samples[index - 1];
    if (before === undefined || now.atMs <= before.atMs) continue;
    for (let second = Math.ceil(before.atMs / 1_000); second * 1_000 < now.atMs; second += 1) {
      const share = (second * 1_000 - before.atMs) / (now.atMs - before.atMs);
      const head = before.head + share * (now.head - before.head);
      if (headBefore !== null) yield [second, head - headBefore];
      headBefore = head;
    }
  }
}
