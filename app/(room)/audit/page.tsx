import { Suspense } from "react";
import { AuditPage } from "@/components/audit/audit-page.tsx";

export default function Audit() {
  return (
    <Suspense>
      <AuditPage />
    </Suspense>
  );
}
