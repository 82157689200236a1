import type { ReactNode } from "react";
import { cn } from "../ui/class-names.ts";

export interface Fact {
  readonly label: string;
  readonly value: ReactNode;
  readonly note?: ReactNode;
}

/** A value that is cut off at the end is whole on hover. */
const whole = (node: ReactNode): string | undefined => (typeof node === "string" && node !== "" ? node : undefined);

/** Figures side by side, all on one baseline; the last line of them fills its width. */
export function FactStrip({ facts, className }: { facts: readonly Fact[]; className?: string }) {
  return (
    <dl className={cn("flex flex-wrap gap-px overflow-hidden rounded-lg border border-line bg-line", className)}>
      {facts.map((fact) => (
        <div
          key={fact.label}
          className="flex min-w-0 grow basis-40 flex-col max-md:basis-28 gap-0.5 bg-surface px-3 py-2.5"
        >
          <dt className="truncate text-muted text-xs">{fact.label}</dt>
          <dd className="live-value truncate font-medium text-lg tracking-tight" title={whole(fact.value)}>
            {fact.value}
          </dd>
          <dd className="h-4 truncate text-2xs text-faint" title={whole(fact.note)}>
            {fact.note ?? ""}
          </dd>
        </div>
      ))}
    </dl>
  );
}

/** Names and values, one pair a line. */
export function FactList({ facts }: { facts: readonly Fact[] }) {
  return (
    <dl className="divide-y divide-line">
      {facts.map((fact) => (
        <div key={fact.label} className="grid min-h-(--row) grid-cols-[9rem_1fr] items-center gap-3 px-3 py-1">
          <dt className="text-muted">{fact.label}</dt>
          <dd className="min-w-0 break-words">{fact.value}</dd>
        </div>
      ))}
    </dl>
  );
}
