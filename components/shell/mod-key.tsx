"use client";

import { useSyncExternalStore } from "react";

const never = () => () => {};

/** The key that goes with `K`, as this keyboard calls it. The server cannot know: there it is Ctrl. */
export function ModKey() {
  const isApple = useSyncExternalStore(
    never,
    () => /Mac|iPhone|iPad/.test(navigator.platform),
    () => false,
  );
  return isApple ? "⌘" : "Ctrl";
}
