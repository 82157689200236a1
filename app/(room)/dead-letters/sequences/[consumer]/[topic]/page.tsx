import { Suspense } from "react";
import { SequencePage } from "@/components/dead-letters/sequence-page.tsx";

interface Place {
  readonly params: Promise<{ readonly consumer: string; readonly topic: string }>;
  readonly searchParams: Promise<{ readonly key?: string | string[] }>;
}

/** The sequence of a key that no path can carry, such as `..`. */
export default async function SequenceByParameter({ params, searchParams }: Place) {
  const { consumer, topic } = await params;
  const { key } = await searchParams;
  return (
    <Suspense>
      <SequencePage
        consumer={decodeURIComponent(consumer)}
        topic={decodeURIComponent(topic)}
        sequenceKey={typeof key === "string" ? key : ""}
      />
    </Suspense>
  );
}
