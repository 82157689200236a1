import { type LucideIcon, TriangleAlert } from "lucide-react";
import type { ReactNode } from "react";
import { cn } from "../ui/class-names.ts";

interface EmptyProps {
  readonly icon?: LucideIcon;
  readonly title: string;
  readonly children?: ReactNode;
  readonly action?: ReactNode;
  readonly className?: string;
}

/** Nothing to show, why, and what to do next. */
export function Empty({ icon: Icon, title, children, action, className }: EmptyProps) {
  return (
    <div className={cn("flex flex-col items-center justify-center gap-1 px-6 py-14 text-center", className)}>
      {Icon === undefined ? null : <Icon aria-hidden="true" className="mb-2 size-5 text-faint" strokeWidth={1.5} />}
      <p className="font-medium text-ink">{title}</p>
      {children === undefined ? null : <div className="max-w-md text-muted text-sm">{children}</div>}
      {action === undefined ? null : <div className="mt-3 flex items-center gap-2">{action}</div>}
    </div>
  );
}

/** One or two sentences that must not be overlooked. */
export function Callout({ tone, children }: { tone: "warn" | "bad" | "accent"; children: ReactNode }) {
  const look = { warn: "bg-warn-soft text-warn", bad: "bg-bad-soft text-bad", accent: "bg-accent-soft text-accent" };
  return (
    <div role={tone === "bad" ? "alert" : "status"} className={cn("flex gap-2 rounded-md px-3 py-2", look[tone])}>
      <TriangleAlert aria-hidden="true" className="mt-[3px] size-3.5 shrink-0" />
      <div className="min-w-0 text-sm">{children}</div>
    </div>
  );
}
