"use client";

import { createContext, use } from "react";

export interface ShellActions {
  readonly openPalette: () => void;
  readonly openShortcuts: () => void;
}

export const ShellContext = createContext<ShellActions>({ openPalette: () => {}, openShortcuts: () => {} });

export const useShell = (): ShellActions => use(ShellContext);
