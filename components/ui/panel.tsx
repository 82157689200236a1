import type { ReactNode } from "react";
import { cn } from "./class-names.ts";

interface PanelProps {
  readonly title?: ReactNode;
  readonly aside?: ReactNode;
  readonly className?: string;
  readonly children: ReactNode;
}

/** A framed part of a page. What it holds runs from edge to edge. */
export function Panel({ title, aside, className, children }: PanelProps) {
  return (
    <section className={cn("min-w-0 overflow-hidden rounded-lg border border-line bg-surface", className)}>
      {title === undefined ? null : (
        <header className="flex h-10 items-center justify-between gap-x-3 border-line border-b px-3 max-md:h-auto max-md:min-h-10 max-md:flex-wrap max-md:py-2">
          <h2 className="truncate text-sm">{title}</h2>
          {aside === undefined ? null : <div className="shrink-0 text-muted text-xs">{aside}</div>}
        </header>
      )}
      {children}
    </section>
  );
}
