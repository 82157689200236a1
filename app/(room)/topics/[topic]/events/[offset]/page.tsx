import { notFound } from "next/navigation";
import { Suspense } from "react";
import { EventPage } from "@/components/events/event-page.tsx";

export default async function Event({ params }: { params: Promise<{ topic: string; offset: string }> }) {
  const { topic, offset } = await params;
  if (!/^[1-9]\d{0,15}$/.test(offset)) notFound();
  return (
    <Suspense>
      <EventPage topic={decodeURIComponent(topic)} offset={Number(offset)} />
    </Suspense>
  );
}
