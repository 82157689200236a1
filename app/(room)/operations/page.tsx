import { Suspense } from "react";
import { OperationsPage } from "@/components/operations/operations-page.tsx";

export default function Operations() {
  return (
    <Suspense>
      <OperationsPage />
    </Suspense>
  );
}
