import { Suspense } from "react";
import { ConsumersPage } from "@/components/consumers/consumers-page.tsx";

export default function Consumers() {
  return (
    <Suspense>
      <ConsumersPage />
    </Suspense>
  );
}
