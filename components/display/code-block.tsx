import { cn } from "../ui/class-names.ts";
import { CopyButton } from "./copy-button.tsx";

/** Text to read and to copy, such as a curl call. */
export function CodeBlock({ code, label, className }: { code: string; label?: string; className?: string }) {
  return (
    <div className={cn("flex min-w-0 items-start rounded-md border border-line bg-sunken", className)}>
      <pre
        className="min-w-0 flex-1 overflow-x-auto px-3 py-2 font-mono text-xs leading-5"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
        tabIndex={0}
      >
        {code}
      </pre>
      <CopyButton className="m-1" label={`Copy ${label ?? "text"}`} text={code} />
    </div>
  );
}
