"use client";

import { Button, ButtonLink } from "@/components/ui/button.tsx";

interface ErrorPageProps {
  readonly error: Error & { readonly digest?: string };
  readonly reset: () => void;
}

/** A fault of the page itself; what the server refuses is told in its place on the page. */
export default function ErrorPage({ error, reset }: ErrorPageProps) {
  return (
    <main className="flex min-h-dvh flex-col items-center justify-center gap-2 px-6 text-center" role="alert">
      <h1 className="text-lg">This page broke</h1>
      <p className="max-w-md text-muted text-sm">
        The server and its events are not touched by it. Try again; if it happens once more, report what stands below.
      </p>
      <pre className="mt-2 max-w-xl overflow-x-auto rounded-md border border-line bg-sunken px-3 py-2 text-left font-mono text-xs">
        {error.message}
        {error.digest === undefined ? "" : `\n${error.digest}`}
      </pre>
      <div className="mt-3 flex gap-2">
        <Button look="primary" onClick={reset}>
          Try again
        </Button>
        <ButtonLink href="/">To the overview</ButtonLink>
      </div>
    </main>
  );
}
