import { Suspense } from "react";
import { EventsPage } from "@/components/events/events-page.tsx";

export default async function Events({ params }: { params: Promise<{ topic: string }> }) {
  const { topic } = await params;
  return (
    <Suspense>
      <EventsPage topic={decodeURIComponent(topic)} />
    </Suspense>
  );
}
