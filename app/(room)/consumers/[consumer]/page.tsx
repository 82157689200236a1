import { Suspense } from "react";
import { ConsumerPage } from "@/components/consumers/consumer-page.tsx";

export default async function Consumer({ params }: { params: Promise<{ consumer: string }> }) {
  const { consumer } = await params;
  return (
    <Suspense>
      <ConsumerPage consumer={decodeURIComponent(consumer)} />
    </Suspense>
  );
}
