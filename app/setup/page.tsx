import { FirstRun } from "@/components/setup/first-run.tsx";
import { PageTitle } from "@/components/shell/environment-mark.tsx";
import { InBrowser } from "@/components/shell/in-browser.tsx";

// The token stands in the address: it must not travel on to wherever a link leads.
export const metadata = { referrer: "no-referrer" } as const;

export default function SetupPage() {
  return (
    <InBrowser until={<PageTitle title="Set up" />}>
      <FirstRun />
    </InBrowser>
  );
}
