import type { TopicDescription } from "@/server/contract/topics.ts";

interface Sample {
  readonly atMs: number;
  readonly head: number;
}

/** Ten minutes at one sample a second. */
const MAX_SAMPLES = 600;
const WINDOW_MS = 10_000;

/** What the heads of all topics were, second by second, since this tab was opened: rates come from nothing else. */
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
      for (const [index, now] of samples.entries()) {
        const before = samples[index - 1];
        if (before === undefined) continue;
        const seconds = Math.max(1, Math.round((now.atMs - before.atMs) / 1_000));
        for (let step = 0; step < seconds; step += 1) {
          const second = Math.floor(now.atMs / 1_000) - step;
          bySecond.set(second, (bySecond.get(second) ?? 0) + (now.head - before.head) / seconds);
        }
      }
    }
    if (bySecond.size === 0) return [];
    const last = Math.max(...bySecond.keys());
    const known = Math.min(count, last - Math.min(...bySecond.keys()) + 1);
    return Array.from({ length: known }, (_, index) => bySecond.get(last - known + 1 + index) ?? 0);
  }
}
