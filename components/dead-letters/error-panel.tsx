import { ChevronRight } from "lucide-react";
import Link from "next/link";
import type { ParkedGroup } from "@/server/contract/parked.ts";
import { CodeBlock } from "../display/code-block.tsx";
import { formatCount } from "../display/format-count.ts";
import { Panel } from "../ui/panel.tsx";

interface ErrorPanelProps {
  readonly error: ParkedGroup["sample"]["error"];
  /** Whose error it is, when it is one of several. */
  readonly event?: { readonly topic: string; readonly offset: number } | undefined;
}

/** The error of a handler; the stack is folded away. */
export function ErrorPanel({ error, event }: ErrorPanelProps) {
  return (
    <Panel
      title={error.name}
      {...(event !== undefined && {
        aside: (
          <span className="flex max-w-[45vw] gap-1 md:max-w-md">
            the newest, of
            <Link
              href={`/topics/${event.topic}/events/${event.offset}`}
              title={`${event.topic}/${formatCount(event.offset)}`}
              className="truncate rounded-sm hover:underline"
            >
              {event.topic}/{formatCount(event.offset)}
            </Link>
          </span>
        ),
      })}
    >
      <p className="break-words px-3 py-2.5">{error.message}</p>
      {error.stack === null ? null : (
        <details className="group px-3 pb-2.5">
          <summary className="flex w-fit cursor-pointer list-none items-center gap-1 rounded-sm text-muted text-xs hover:text-ink">
            <ChevronRight aria-hidden="true" className="size-3 transition-transform group-open:rotate-90" />
            Stack
          </summary>
          <CodeBlock code={error.stack} label="stack" className="mt-2" />
        </details>
      )}
    </Panel>
  );
}
