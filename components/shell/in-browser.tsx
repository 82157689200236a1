"use client";

import { type ReactNode, useSyncExternalStore } from "react";

const never = () => () => {};

/**
 * What is drawn from live data starts in the browser: parts of a page hydrate one after another, and an answer that
 * arrives in between would not match what the server has rendered.
 */
export function InBrowser({ until = null, children }: { until?: ReactNode; children: ReactNode }) {
  const isHydrated = useSyncExternalStore(
    never,
    () => true,
    () => false,
  );
  return isHydrated ? children : until;
}
