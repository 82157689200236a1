import type { DeliveryAttempt, ParkedEvent, ParkedState } from "@/server/contract/parked.ts";
import type { Tone } from "../ui/badge.tsx";

export const STATE_WORDS: Record<ParkedState, { readonly word: string; readonly tone: Tone }> = {
  retrying: { word: "Retrying", tone: "warn" },
  dead: { word: "Dead", tone: "bad" },
  blocked: { word: "Blocked", tone: "idle" },
  discarded: { word: "Discarded", tone: "idle" },
};

/** How a delivery that was no success has ended. */
export const OUTCOME_WORDS: Record<DeliveryAttempt["outcome"], { readonly word: string; readonly tone: Tone }> = {
  retry: { word: "Failed", tone: "warn" },
  "dead-letter": { word: "Failed for good", tone: "bad" },
  skip: { word: "Skipped", tone: "idle" },
  interrupted: { word: "Broken off", tone: "idle" },
};

/** An event that an operation has taken up is queued for its next delivery: it has not gone through yet. */
export function parkedLook({ state, operation }: Pick<ParkedEvent, "state" | "operation">) {
  return state === "retrying" && operation !== null
    ? ({ word: "Queued", tone: "accent" } satisfies { word: string; tone: Tone })
    : STATE_WORDS[state];
}

/** The address of a key's sequence. URL parsers take the keys `.` and `..` out of a path, so these are a parameter. */
export function sequenceHref(consumer: string, topic: string, key: string): string {
  const sequences = `/dead-letters/sequences/${encodeURIComponent(consumer)}/${encodeURIComponent(topic)}`;
  return key === "." || key === ".." ? `${sequences}?key=${key}` : `${sequences}/${encodeURIComponent(key)}`;
}

export function groupHref(consumer: string, fingerprint: string): string {
  return `/dead-letters/${encodeURIComponent(fingerprint)}?consumer=${encodeURIComponent(consumer)}`;
}
