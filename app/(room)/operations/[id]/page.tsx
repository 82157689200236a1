import { Suspense } from "react";
import { OperationPage } from "@/components/operations/operation-page.tsx";

export default async function Operation({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params;
  return (
    <Suspense>
      <OperationPage id={decodeURIComponent(id)} />
    </Suspense>
  );
}
