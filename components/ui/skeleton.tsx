import { cn } from "./class-names.ts";

/** Holds the place of something that is being loaded. */
export function Skeleton({ className }: { className?: string }) {
  return <span aria-hidden="true" className={cn("block animate-pulse rounded-sm bg-idle-soft", className)} />;
}
