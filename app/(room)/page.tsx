import { Overview } from "@/components/overview/overview.tsx";
import { Page } from "@/components/shell/page.tsx";

export default function OverviewPage() {
  return (
    <Page crumbs={[{ label: "Overview" }]}>
      <Overview />
    </Page>
  );
}
