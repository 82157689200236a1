"use client";

import Link from "next/link";
import { cn } from "./class-names.ts";

export interface TabLink {
  readonly href: string;
  readonly label: string;
  readonly count?: number;
  readonly isCurrent: boolean;
}

/** Tabs whose state is the address: links, so that a copied address opens the same tab. */
export function TabLinks({ tabs, label }: { tabs: readonly TabLink[]; label: string }) {
  return (
    <nav
      aria-label={label}
      className="flex h-9 shrink-0 items-stretch gap-4 overflow-x-auto overflow-y-hidden border-line border-b px-5 [scrollbar-width:none]"
    >
      {tabs.map((tab) => (
        <Link
          key={tab.href}
          href={tab.href}
          scroll={false}
          aria-current={tab.isCurrent ? "page" : undefined}
          className={cn(
            "inline-flex items-center gap-1.5 whitespace-nowrap border-b-2 border-transparent text-muted text-sm hover:text-ink",
            tab.isCurrent && "border-accent font-medium text-ink",
          )}
        >
          {tab.label}
          {tab.count === undefined ? null : (
            <span className="text-2xs text-faint">{tab.count.toLocaleString("en-US")}</span>
          )}
        </Link>
      ))}
    </nav>
  );
}
