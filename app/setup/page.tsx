import { Suspense } from "react";
import { FirstRun } from "@/components/setup/first-run.tsx";

// The token stands in the address: it must not travel on to wherever a link leads.
export const metadata = { referrer: "no-referrer" } as const;

export default function SetupPage() {
  return (
    <Suspense>
      <FirstRun />
    </Suspense>
  );
}
