import { Suspense } from "react";
import { GroupsPage } from "@/components/dead-letters/groups-page.tsx";

export default function DeadLetters() {
  return (
    <Suspense>
      <GroupsPage />
    </Suspense>
  );
}
