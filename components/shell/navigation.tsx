"use client";

import { BookOpen, Search } from "lucide-react";
import Link from "next/link";
import { usePathname } from "next/navigation";
import { OperationsTray } from "../operations/tray.tsx";
import { cn } from "../ui/class-names.ts";
import { Kbd } from "../ui/kbd.tsx";
import { ENVIRONMENT_COLOURS, Logo, useEnvironment } from "./environment-mark.tsx";
import { ModKey } from "./mod-key.tsx";
import { PersonMenu } from "./person-menu.tsx";
import { isAt, PLACES } from "./places.ts";

const LINK =
  "flex h-7 items-center gap-2.5 rounded-md px-2 text-muted text-sm hover:bg-hover hover:text-ink max-lg:justify-center max-lg:px-0 [&_svg]:size-4 [&_svg]:shrink-0";

export function Navigation({ onSearch }: { onSearch: () => void }) {
  const path = usePathname();
  const environment = useEnvironment();
  const colour = ENVIRONMENT_COLOURS[environment?.colour ?? "gray"].token;
  return (
    <aside className="sticky top-0 flex h-dvh w-[212px] shrink-0 flex-col border-line border-r bg-sidebar max-lg:w-13">
      <div aria-hidden="true" className="h-[3px] shrink-0" style={{ background: colour }} />
      <div className="flex h-11 items-center gap-2.5 px-3.5 max-lg:justify-center max-lg:px-0">
        <Logo className="size-5 shrink-0" />
        <span className="font-semibold text-base tracking-tight max-lg:sr-only">Millrace</span>
        <span
          className="ml-auto min-w-0 truncate rounded-sm border px-1.5 font-medium text-2xs leading-[18px] max-lg:hidden"
          style={{ color: colour, borderColor: "currentColor" }}
          title="Environment"
        >
          {environment?.name ?? " "}
        </span>
      </div>
      <div className="px-2 pb-2">
        <button
          type="button"
          onClick={onSearch}
          aria-label="Search"
          className="flex h-8 w-full items-center gap-2 rounded-md border border-line-strong bg-surface px-2 text-faint text-sm hover:border-field max-lg:justify-center"
        >
          <Search aria-hidden="true" className="size-3.5 shrink-0" />
          <span className="max-lg:hidden">Search</span>
          <span className="ml-auto max-lg:hidden">
            <Kbd>
              <ModKey /> K
            </Kbd>
          </span>
        </button>
      </div>
      <nav aria-label="Main" className="flex flex-1 flex-col gap-0.5 overflow-y-auto px-2 py-1">
        {PLACES.map((place) => (
          <Link
            key={place.href}
            href={place.href}
            aria-current={isAt(path, place) ? "page" : undefined}
            className={cn(LINK, isAt(path, place) && "bg-idle-soft font-medium text-ink")}
          >
            <place.icon aria-hidden="true" strokeWidth={1.75} />
            <span className="max-lg:sr-only">{place.label}</span>
          </Link>
        ))}
      </nav>
      <OperationsTray />
      <div className="flex flex-col gap-0.5 border-line border-t p-2">
        <a href="/docs" className={LINK}>
          <BookOpen aria-hidden="true" strokeWidth={1.75} />
          <span className="max-lg:sr-only">API reference</span>
        </a>
        <PersonMenu />
      </div>
    </aside>
  );
}
