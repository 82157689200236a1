import type { Operation } from "@/server/contract/operations.ts";
import { formatCount } from "../display/format-count.ts";
import type { Tone } from "../ui/badge.tsx";

export const KIND_WORDS: Record<Operation["kind"], string> = {
  redrive: "Redrive",
  discard: "Discard",
  restore: "Restore",
  replay: "Replay",
};

export const STATUS_WORDS: Record<Operation["status"], { readonly word: string; readonly tone: Tone }> = {
  queued: { word: "Queued", tone: "idle" },
  running: { word: "Running", tone: "accent" },
  paused: { word: "Paused", tone: "warn" },
  done: { word: "Done", tone: "ok" },
  aborted: { word: "Aborted", tone: "idle" },
  failed: { word: "Stopped", tone: "bad" },
};

export function isOpen({ status }: Pick<Operation, "status">): boolean {
  return status === "queued" || status === "running" || status === "paused";
}

/** The request of an operation, in words: `topic orders · key acct-7`. */
export function filterText(filter: Readonly<Record<string, unknown>>): string {
  if (filter.all === true) return "everything";
  const parts = Object.entries(filter).flatMap(([name, value]) =>
    value === undefined || value === null ? [] : [`${WORDS[name] ?? name} ${valueText(value)}`],
  );
  return parts.length === 0 ? "everything" : parts.join(" · ");
}

const WORDS: Readonly<Record<string, string>> = {
  fromOffset: "from offset",
  toOffset: "to offset",
  fromTime: "from",
  toTime: "to",
  types: "types",
  keys: "keys",
};

function valueText(value: unknown): string {
  if (Array.isArray(value)) return value.join(", ");
  return typeof value === "number" ? formatCount(value) : String(value);
}
