import { Suspense } from "react";
import { TopicsPage } from "@/components/topics/topics-page.tsx";

export default function Topics() {
  return (
    <Suspense>
      <TopicsPage />
    </Suspense>
  );
}
