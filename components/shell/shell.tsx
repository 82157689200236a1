"use client";

import { useQuery } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import { type ReactNode, useMemo, useState } from "react";
import { useApi } from "../data/api.ts";
import { LiveProvider, useLiveStatus } from "../live/live-provider.tsx";
import { usePreferences } from "../preferences/preferences-provider.tsx";
import { CommandPalette } from "./command-palette.tsx";
import { InBrowser } from "./in-browser.tsx";
import { Loading } from "./loading.tsx";
import { Navigation } from "./navigation.tsx";
import { PLACES } from "./places.ts";
import { ShellContext } from "./shell-context.ts";
import { ShortcutList } from "./shortcut-list.tsx";
import { SignInFirst } from "./sign-in-first.tsx";
import { useShortcuts } from "./use-shortcuts.ts";

/** Everything around a page of the control room. Whoever is not signed in is led to the sign-in page. */
export function Shell({ children }: { children: ReactNode }) {
  const api = useApi();
  const { data } = useQuery(api.session.current.queryOptions(undefined, { staleTime: 60_000 }));
  if (data !== undefined && data.person === null) return <SignInFirst />;
  return (
    <LiveProvider>
      <Frame>{children}</Frame>
    </LiveProvider>
  );
}

function Frame({ children }: { children: ReactNode }) {
  const router = useRouter();
  const { preferences, change } = usePreferences();
  const { state } = useLiveStatus();
  const [isPaletteOpen, setPaletteOpen] = useState(false);
  const [isListOpen, setListOpen] = useState(false);

  const actions = useMemo(
    () => ({ openPalette: () => setPaletteOpen(true), openShortcuts: () => setListOpen(true) }),
    [],
  );
  useShortcuts({ "mod+k": () => setPaletteOpen((isOpen) => !isOpen) });
  useShortcuts(
    {
      "?": actions.openShortcuts,
      u: () => change({ clock: preferences.clock === "utc" ? "local" : "utc" }),
      ...Object.fromEntries(PLACES.map((it) => [`g ${it.key}`, () => router.push(it.href)])),
    },
    preferences.shortcuts === "on",
  );

  return (
    <ShellContext value={actions}>
      <a
        href="#content"
        className="sr-only z-50 rounded-md bg-raised px-3 py-2 shadow-pop focus:not-sr-only focus:fixed focus:top-2 focus:left-2"
      >
        Skip to content
      </a>
      <div className="flex" data-stale={state === "stale"}>
        <Navigation onSearch={actions.openPalette} />
        <div className="flex min-w-0 flex-1 flex-col">
          <InBrowser until={<Loading />}>{children}</InBrowser>
        </div>
      </div>
      <CommandPalette isOpen={isPaletteOpen} onOpenChange={setPaletteOpen} />
      <ShortcutList isOpen={isListOpen} onOpenChange={setListOpen} />
    </ShellContext>
  );
}
