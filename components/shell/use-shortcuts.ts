"use client";

import { useEffect, useEffectEvent } from "react";

/** A field that a person is typing into must not jump away under their hands. */
function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
  );
}

const SEQUENCE_MS = 1_000;

/**
 * Runs what belongs to a key (`?`, `[`) or to two in a row (`g t`). `mod+k` works everywhere, the rest only outside
 * of text fields and of dialogs.
 */
export function useShortcuts(shortcuts: Readonly<Record<string, () => void>>, isEnabled = true): void {
  const run = useEffectEvent((keys: string, event: KeyboardEvent): boolean => {
    const action = shortcuts[keys];
    if (action === undefined) return false;
    event.preventDefault();
    action();
    return true;
  });

  // The outside system: the window's keyboard.
  useEffect(() => {
    let first = "";
    let firstMs = 0;
    function onKey(event: KeyboardEvent) {
      if ((event.metaKey || event.ctrlKey) && !event.altKey) {
        run(`mod+${event.key.toLowerCase()}`, event);
        return;
      }
      if (!isEnabled || event.altKey || event.defaultPrevented || isTyping(event.target)) return;
      if (document.querySelector('[role="dialog"][data-open]:not([data-keeps-shortcuts])') !== null) return;
      const sequence = event.timeStamp - firstMs < SEQUENCE_MS ? `${first} ${event.key}` : "";
      if (!run(sequence, event)) run(event.key, event);
      first = event.key;
      firstMs = event.timeStamp;
    }
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [isEnabled]);
}
