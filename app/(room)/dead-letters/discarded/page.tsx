import { Suspense } from "react";
import { DiscardedPage } from "@/components/dead-letters/discarded-page.tsx";

export default function Discarded() {
  return (
    <Suspense>
      <DiscardedPage />
    </Suspense>
  );
}
