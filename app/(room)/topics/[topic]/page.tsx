import { Suspense } from "react";
import { TopicPage } from "@/components/topics/topic-page.tsx";

export default async function Topic({ params }: { params: Promise<{ topic: string }> }) {
  const { topic } = await params;
  return (
    <Suspense>
      <TopicPage topic={decodeURIComponent(topic)} />
    </Suspense>
  );
}
