import { ChevronRight } from "lucide-react";
import { CodeBlock } from "./code-block.tsx";

/** A write as it is in the API: folded away until somebody wants to script it. */
export function ApiEquivalent({ code }: { code: string }) {
  return (
    <details className="group">
      <summary className="flex w-fit cursor-pointer list-none items-center gap-1 rounded-sm text-muted text-xs hover:text-ink">
        <ChevronRight className="size-3 transition-transform group-open:rotate-90" />
        API equivalent
      </summary>
      <CodeBlock code={code} label="curl" className="mt-2" />
    </details>
  );
}
