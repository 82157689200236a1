"use client";

import { Toaster as Base } from "sonner";
import { usePreferences } from "../preferences/preferences-provider.tsx";

/** Short confirmations, at the lower right. */
export function Toaster() {
  const { preferences } = usePreferences();
  return (
    <Base
      theme={preferences.theme}
      position="bottom-right"
      toastOptions={{
        style: {
          background: "var(--raised)",
          color: "var(--ink)",
          border: "1px solid var(--line-strong)",
          fontFamily: "inherit",
          fontSize: "13px",
        },
      }}
    />
  );
}
