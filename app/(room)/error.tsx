"use client";

import { Broken } from "@/components/shell/broken.tsx";

export default function Failed({ error, reset }: { error: Error & { digest?: string }; reset: () => void }) {
  return <Broken digest={error.digest} onRetry={reset} />;
}
