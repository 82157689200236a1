import { Suspense } from "react";
import { SequencePage } from "@/components/dead-letters/sequence-page.tsx";

interface Place {
  readonly consumer: string;
  readonly topic: string;
  readonly key: string;
}

export default async function Sequence({ params }: { params: Promise<Place> }) {
  const { consumer, topic, key } = await params;
  return (
    <Suspense>
      <SequencePage
        consumer={decodeURIComponent(consumer)}
        topic={decodeURIComponent(topic)}
        sequenceKey={decodeURIComponent(key)}
      />
    </Suspense>
  );
}
