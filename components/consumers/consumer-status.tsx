import type { ConsumerDescription } from "@/server/contract/consumers.ts";
import { plural } from "../display/format-count.ts";
import { formatDuration } from "../display/format-time.ts";
import { Status } from "../display/status.tsx";
import type { Tone } from "../ui/badge.tsx";

/** What a consumer's topics add up to. */
export interface Standing {
  readonly lag: number;
  readonly lagMs: number;
  readonly tone: Tone;
  readonly word: "Healthy" | "Lagging" | "Stopped" | "Idle";
  /** One sentence: why that word. */
  readonly why: string;
}

/** Behind for longer than this is worth a look; below it is the ordinary way from publish to settlement. */
const LAGGING_MS = 10_000;

export function standingOf({ topics, members }: Pick<ConsumerDescription, "topics" | "members">): Standing {
  const lag = topics.reduce((sum, it) => sum + it.lag, 0);
  const lagMs = Math.max(0, ...topics.map((it) => it.lagMs));
  const isConnected = members.length > 0;
  if (!isConnected && lag > 0) {
    const why = `No member is connected; ${plural(lag, "event")} wait, the oldest for ${formatDuration(lagMs)}.`;
    return { lag, lagMs, tone: "bad", word: "Stopped", why };
  }
  if (!isConnected) return { lag, lagMs, tone: "idle", word: "Idle", why: "No member is connected; nothing waits." };
  if (lagMs >= LAGGING_MS) {
    const why = `${plural(lag, "event")} behind; the oldest waits for ${formatDuration(lagMs)}.`;
    return { lag, lagMs, tone: "warn", word: "Lagging", why };
  }
  const why =
    lag === 0
      ? "Everything published is settled."
      : `${plural(lag, "event")} on the way; within ${formatDuration(LAGGING_MS)}.`;
  return { lag, lagMs, tone: "ok", word: "Healthy", why };
}

export function ConsumerStatus({ consumer }: { consumer: Pick<ConsumerDescription, "topics" | "members"> }) {
  const { tone, word, why } = standingOf(consumer);
  return <Status tone={tone} word={word} title={why} />;
}
