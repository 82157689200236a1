import type { ConsumerSummary, ConsumerStatus as StatusName } from "@/server/contract/consumers.ts";
import { actorText } from "../display/actor-text.ts";
import { Status } from "../display/status.tsx";
import type { Tone } from "../ui/badge.tsx";

/** The sum of a consumer's topics, and how it stands. */
export interface Standing {
  readonly lag: number;
  readonly lagMs: number;
  readonly tone: Tone;
  readonly word: string;
  /** One sentence: why that word. */
  readonly why: string;
}

const LOOKS: Record<StatusName, { readonly tone: Tone; readonly word: string }> = {
  healthy: { tone: "ok", word: "Healthy" },
  lagging: { tone: "warn", word: "Lagging" },
  blocked: { tone: "bad", word: "Blocked" },
  stalled: { tone: "bad", word: "Stalled" },
  failing: { tone: "bad", word: "Failing" },
  paused: { tone: "warn", word: "Paused" },
  halted: { tone: "bad", word: "Halted" },
  idle: { tone: "idle", word: "Idle" },
};

export function consumerStanding({
  topics,
  status,
  why,
}: Pick<ConsumerSummary, "topics" | "status" | "why">): Standing {
  const sentence = actorText(why);
  return {
    lag: topics.reduce((sum, it) => sum + it.lag, 0),
    lagMs: Math.max(0, ...topics.map((it) => it.lagMs)),
    ...LOOKS[status],
    why: sentence.charAt(0).toUpperCase() + sentence.slice(1),
  };
}

export function ConsumerStatus({ consumer }: { consumer: Pick<ConsumerSummary, "topics" | "status" | "why"> }) {
  const { tone, word, why } = consumerStanding(consumer);
  return <Status tone={tone} word={word} title={why} />;
}
