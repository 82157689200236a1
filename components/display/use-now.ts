"use client";

import { useSyncExternalStore } from "react";

const listeners = new Set<() => void>();
let now = 0;
let timer: ReturnType<typeof setInterval> | undefined;

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  if (timer === undefined) {
    now = Date.now();
    timer = setInterval(() => {
      now = Date.now();
      for (const it of listeners) it();
    }, 1_000);
  }
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

const read = (): number => (now === 0 ? Date.now() - (Date.now() % 1_000) : now);

/** The wall clock, once a second, one timer for the whole page; 0 while rendered on the server. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, read, () => 0);
}
