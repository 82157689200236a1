"use client";

import { Bug } from "lucide-react";
import { Empty } from "../display/notice.tsx";
import { Button } from "../ui/button.tsx";
import { PageTitle } from "./environment-mark.tsx";

/** Stands in place of a page that failed while it was drawn. */
export function Broken({ digest, onRetry }: { digest: string | undefined; onRetry: () => void }) {
  return (
    <main id="content" className="flex flex-1 items-center justify-center">
      <PageTitle title="Failed" />
      <h1 className="sr-only">This page failed</h1>
      <Empty icon={Bug} title="This page failed" action={<Button onClick={onRetry}>Try again</Button>}>
        The fault is in the control room, not in the data. Publishing and consuming go on.
        {digest === undefined ? null : <span className="mt-1 block font-mono text-2xs text-faint">{digest}</span>}
      </Empty>
    </main>
  );
}
