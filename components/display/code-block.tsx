import { cn } from "../ui/class-names.ts";
import { CopyButton } from "./copy-button.tsx";

/** Text to read and to copy, such as a curl call. */
export function CodeBlock({ code, label, className }: { code: string; label?: string; className?: string }) {
  return (
    <div className={cn("relative min-w-0 rounded-md border border-line bg-sunken", className)}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <pre tabIndex={0} className="overflow-x-auto py-2 pr-10 pl-3 font-mono text-xs leading-5">
        {code}
      </pre>
      <CopyButton text={code} label={`Copy ${label ?? "text"}`} className="absolute top-1 right-1 bg-sunken" />
    </div>
  );
}
