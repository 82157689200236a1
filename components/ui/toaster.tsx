"use client";

import { Toaster as Sonner } from "sonner";
import { usePreferences } from "@/components/preferences/preferences-provider.tsx";

export function Toaster() {
  const { preferences } = usePreferences();
  return (
    <Sonner
      closeButton
      position="bottom-right"
      theme={preferences.theme}
      toastOptions={{
        classNames: {
          toast: "!rounded-lg !border-line-strong !bg-raised !font-sans !text-ink !text-sm !shadow-pop",
          description: "!text-muted",
          closeButton: "!border-line-strong !bg-raised !text-muted",
        },
      }}
    />
  );
}
