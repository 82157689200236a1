import type { ParkedState } from "@/server/contract/parked.ts";
import type { Tone } from "../ui/badge.tsx";

export const STATE_WORDS: Record<ParkedState, { readonly word: string; readonly tone: Tone }> = {
  retrying: { word: "Retrying", tone: "warn" },
  dead: { word: "Dead", tone: "bad" },
  blocked: { word: "Blocked", tone: "idle" },
  discarded: { word: "Discarded", tone: "idle" },
};

/** The address of a key's lane. */
export function laneHref(consumer: string, topic: string, key: string): string {
  return `/dead-letters/sequences/${encodeURIComponent(consumer)}/${encodeURIComponent(topic)}/${encodeURIComponent(key)}`;
}

export function groupHref(consumer: string, fingerprint: string): string {
  return `/dead-letters/${encodeURIComponent(fingerprint)}?consumer=${encodeURIComponent(consumer)}`;
}
