import type { Tone } from "../ui/badge.tsx";
import { cn } from "../ui/class-names.ts";

const COLOURS: Record<Tone, string> = {
  ok: "text-ok",
  warn: "text-warn",
  bad: "text-bad",
  idle: "text-idle",
  accent: "text-accent",
};

/** A state in a word; the mark's form differs as well as its colour. */
export function Status({ tone, word, title }: { tone: Tone; word: string; title?: string }) {
  return (
    <span title={title} className="inline-flex min-w-0 items-center gap-1.5 whitespace-nowrap align-top">
      <svg aria-hidden="true" viewBox="0 0 8 8" className={cn("size-2 shrink-0", COLOURS[tone])}>
        {tone === "idle" ? (
          <circle cx="4" cy="4" r="3" fill="none" stroke="currentColor" strokeWidth="1.5" />
        ) : tone === "warn" ? (
          <path d="M4 0.5 8 7.5H0Z" fill="currentColor" />
        ) : tone === "bad" ? (
          <path d="M4 0 8 4 4 8 0 4Z" fill="currentColor" />
        ) : (
          <circle cx="4" cy="4" r="3.5" fill="currentColor" />
        )}
      </svg>
      <span className="truncate">{word}</span>
    </span>
  );
}
