import { Suspense } from "react";
import { SettingsPage } from "@/components/settings/settings-page.tsx";

export default function Settings() {
  return (
    <Suspense>
      <SettingsPage />
    </Suspense>
  );
}
