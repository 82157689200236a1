"use client";

import { useQuery } from "@tanstack/react-query";
import { ChevronsUpDown, Keyboard, LogOut } from "lucide-react";
import { useApi } from "../data/api.ts";
import type { Preferences } from "../preferences/preferences.ts";
import { usePreferences } from "../preferences/preferences-provider.tsx";
import { authClient } from "../sign-in/auth-client.ts";
import {
  Menu,
  MenuContent,
  MenuGroup,
  MenuItem,
  MenuLabel,
  MenuRadioGroup,
  MenuRadioItem,
  MenuSeparator,
  MenuTrigger,
} from "../ui/menu.tsx";
import { useShell } from "./shell-context.ts";

async function signOut(): Promise<void> {
  await authClient.signOut();
  window.location.assign("/login");
}

/** Who is signed in, and how he likes to see things. */
export function PersonMenu() {
  const api = useApi();
  const { data } = useQuery(api.session.current.queryOptions());
  const { preferences, change } = usePreferences();
  const { openShortcuts } = useShell();
  const person = data?.person;
  return (
    <Menu>
      <MenuTrigger className="flex h-9 items-center gap-2 rounded-md px-1.5 text-left hover:bg-hover data-popup-open:bg-hover max-lg:justify-center">
        <span
          aria-hidden="true"
          className="flex size-6 shrink-0 items-center justify-center rounded-full bg-accent-soft font-semibold text-2xs text-accent"
        >
          {(person?.name ?? "").slice(0, 1).toUpperCase()}
        </span>
        <span className="min-w-0 flex-1 truncate text-sm max-lg:sr-only">{person?.name ?? "Account"}</span>
        <ChevronsUpDown aria-hidden="true" className="size-3 shrink-0 text-faint max-lg:hidden" />
      </MenuTrigger>
      <MenuContent side="top" className="w-52">
        <p className="truncate px-2 pt-1.5 pb-1 text-faint text-xs">{person?.email}</p>
        <MenuSeparator />
        <MenuRadioGroup value={preferences.theme} onValueChange={(theme: Preferences["theme"]) => change({ theme })}>
          <MenuLabel>Theme</MenuLabel>
          <MenuRadioItem value="system">System</MenuRadioItem>
          <MenuRadioItem value="light">Light</MenuRadioItem>
          <MenuRadioItem value="dark">Dark</MenuRadioItem>
        </MenuRadioGroup>
        <MenuSeparator />
        <MenuRadioGroup
          value={preferences.density}
          onValueChange={(density: Preferences["density"]) => change({ density })}
        >
          <MenuLabel>Density</MenuLabel>
          <MenuRadioItem value="compact">Compact</MenuRadioItem>
          <MenuRadioItem value="comfortable">Comfortable</MenuRadioItem>
        </MenuRadioGroup>
        <MenuSeparator />
        <MenuGroup>
          <MenuItem onClick={openShortcuts}>
            <Keyboard aria-hidden="true" /> Keyboard shortcuts
          </MenuItem>
          <MenuItem onClick={signOut}>
            <LogOut aria-hidden="true" /> Sign out
          </MenuItem>
        </MenuGroup>
      </MenuContent>
    </Menu>
  );
}
