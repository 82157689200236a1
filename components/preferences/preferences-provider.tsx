"use client";

import { createContext, type ReactNode, use, useState } from "react";
import { DEFAULT_PREFERENCES, PREFERENCES_COOKIE, type Preferences, writePreferences } from "./preferences.ts";

const YEAR_SECONDS = 31_536_000;

interface PreferencesContext {
  readonly preferences: Preferences;
  readonly change: (part: Partial<Preferences>) => void;
}

const Context = createContext<PreferencesContext>({ preferences: DEFAULT_PREFERENCES, change: () => {} });

export function PreferencesProvider({ initial, children }: { initial: Preferences; children: ReactNode }) {
  const [preferences, setPreferences] = useState(initial);

  function change(part: Partial<Preferences>) {
    const next = { ...preferences, ...part };
    setPreferences(next);
    const root = document.documentElement;
    root.dataset.theme = next.theme;
    root.dataset.density = next.density;
    // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is not in every browser yet
    document.cookie = `${PREFERENCES_COOKIE}=${writePreferences(next)}; path=/; max-age=${YEAR_SECONDS}; samesite=lax`;
  }

  return <Context value={{ preferences, change }}>{children}</Context>;
}

export const usePreferences = (): PreferencesContext => use(Context);
