import type { ReactNode } from "react";
import { cn } from "./class-names.ts";

interface ScrollRegionProps {
  /** The name of what scrolls, such as a table's. */
  readonly label: string;
  /** Sizes, and the direction in which it scrolls. */
  readonly className?: string;
  readonly children: ReactNode;
}

/**
 * A part of a page that scrolls by itself. The keyboard reaches it, whatever it holds: rows without a link or a button
 * would else be out of reach of everybody without a mouse.
 */
export function ScrollRegion({ label, className, children }: ScrollRegionProps) {
  return (
    <section
      aria-label={`${label}, scrolling`}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
      tabIndex={0}
      // Positioned, so that what is said to screen readers alone scrolls with it and does not widen the page. The outline
      // lies inside: panels cut off what lies outside.
      className={cn("relative overflow-x-auto focus-visible:-outline-offset-2", className)}
    >
      {children}
    </section>
  );
}
