import "./globals.css";
import { cookies } from "next/headers";
import { NuqsAdapter } from "nuqs/adapters/next/app";
import type { ReactNode } from "react";
import { ApiProvider } from "@/components/data/api-provider.tsx";
import { PREFERENCES_COOKIE, parsePreferences } from "@/components/preferences/preferences.ts";
import { PreferencesProvider } from "@/components/preferences/preferences-provider.tsx";
import { EnvironmentIcon } from "@/components/shell/environment-mark.tsx";
import { Toaster } from "@/components/ui/toaster.tsx";

export const viewport = { width: "device-width", initialScale: 1 };

export default async function RootLayout({ children }: { children: ReactNode }) {
  const preferences = parsePreferences((await cookies()).get(PREFERENCES_COOKIE)?.value);
  return (
    <html lang="en" data-theme={preferences.theme} data-density={preferences.density}>
      <body>
        <PreferencesProvider initial={preferences}>
          <ApiProvider>
            <EnvironmentIcon />
            <NuqsAdapter>{children}</NuqsAdapter>
          </ApiProvider>
          <Toaster />
        </PreferencesProvider>
      </body>
    </html>
  );
}
