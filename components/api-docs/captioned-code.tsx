import { CodeBlock } from "../display/code-block.tsx";

/** A command or an example with what it is above it. A long one scrolls. */
export function CaptionedCode({ label, text }: { readonly label: string; readonly text: string }) {
  return (
    <figure className="min-w-0">
      <figcaption className="mb-1 text-muted text-xs">{label}</figcaption>
      <CodeBlock className="max-h-80 overflow-y-auto" code={text} label={label} />
    </figure>
  );
}
