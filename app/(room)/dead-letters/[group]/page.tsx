import { Suspense } from "react";
import { GroupPage } from "@/components/dead-letters/group-page.tsx";

export default async function DeadLetterGroup({ params }: { params: Promise<{ group: string }> }) {
  const { group } = await params;
  return (
    <Suspense>
      <GroupPage fingerprint={decodeURIComponent(group)} />
    </Suspense>
  );
}
