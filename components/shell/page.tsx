"use client";

import Link from "next/link";
import { Fragment, type ReactNode } from "react";
import { AlertBell } from "../alerts/alert-bell.tsx";
import { clockName } from "../display/format-time.ts";
import { ConnectionPill } from "../live/connection-pill.tsx";
import { usePreferences } from "../preferences/preferences-provider.tsx";
import { cn } from "../ui/class-names.ts";
import { PageTitle } from "./environment-mark.tsx";

export interface Crumb {
  readonly label: string;
  readonly href?: string;
  readonly isName?: boolean;
}

interface PageProps {
  /** The way here; the last one is this page. */
  readonly crumbs: readonly Crumb[];
  readonly actions?: ReactNode;
  readonly tabs?: ReactNode;
  /** Fills the height exactly and scrolls inside, as a list of events does. */
  readonly isFixed?: boolean;
  readonly children: ReactNode;
}

/** Head with the way here, actions and the connection; then tabs; then the page. */
export function Page({ crumbs, actions, tabs, isFixed = false, children }: PageProps) {
  const title = crumbs.map((it) => it.label).toReversed();
  return (
    <div className={cn("flex min-h-dvh flex-col", isFixed && "h-dvh")}>
      <PageTitle title={title.join(" · ")} />
      <header className="sticky top-0 z-20 flex min-h-[47px] shrink-0 flex-wrap items-center gap-x-3 gap-y-2 border-line border-b bg-canvas px-5 max-md:py-2">
        <Breadcrumbs crumbs={crumbs} />
        <div className="ml-auto flex items-center gap-2 max-md:flex-wrap md:shrink-0">
          {actions}
          <AlertBell />
          <ClockSwitch />
          <ConnectionPill />
        </div>
      </header>
      {tabs}
      <main id="content" className={cn("flex min-w-0 flex-1 flex-col", isFixed ? "min-h-0" : "gap-5 p-5")}>
        {children}
      </main>
    </div>
  );
}

function Breadcrumbs({ crumbs }: { crumbs: readonly Crumb[] }) {
  return (
    <div className="flex min-w-0 flex-1 items-center gap-1.5 max-md:basis-40">
      {crumbs.map((crumb, index) => {
        const isLast = index === crumbs.length - 1;
        return (
          <Fragment key={crumb.label}>
            {index === 0 ? null : (
              <span aria-hidden="true" className="text-faint">
                /
              </span>
            )}
            {isLast ? (
              <h1
                className={cn("truncate text-base", crumb.isName === true && "font-mono text-sm")}
                title={crumb.label}
              >
                {crumb.label}
              </h1>
            ) : (
              <Link
                href={crumb.href ?? "/"}
                className={cn(
                  "truncate rounded-sm text-muted hover:text-ink",
                  index === 0 && "shrink-0",
                  crumb.isName === true && "font-mono",
                )}
                title={crumb.label}
              >
                {crumb.label}
              </Link>
            )}
          </Fragment>
        );
      })}
    </div>
  );
}

function ClockSwitch() {
  const { preferences, change } = usePreferences();
  const isUtc = preferences.clock === "utc";
  return (
    <button
      type="button"
      onClick={() => change({ clock: isUtc ? "local" : "utc" })}
      title={`Times are shown in ${clockName(preferences.clock)}. Press to switch.`}
      className="h-6 rounded-full border border-line px-2 text-muted text-xs hover:bg-hover hover:text-ink"
    >
      {isUtc ? "UTC" : "Local"}
    </button>
  );
}
