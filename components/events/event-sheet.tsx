"use client";

import { useQuery } from "@tanstack/react-query";
import { ArrowDown, ArrowUp, ChevronDown, X } from "lucide-react";
import { toast } from "sonner";
import type { EventRow } from "@/server/contract/events.ts";
import { useApi } from "../data/api.ts";
import { CodeBlock } from "../display/code-block.tsx";
import { curl } from "../display/curl.ts";
import { Failure } from "../display/failure.tsx";
import { formatBytes, formatCount } from "../display/format-count.ts";
import { DateTime } from "../display/moment.tsx";
import { Button, ButtonLink } from "../ui/button.tsx";
import { Menu, MenuContent, MenuItem, MenuTrigger } from "../ui/menu.tsx";
import { Skeleton } from "../ui/skeleton.tsx";
import { ToggleGroup } from "../ui/toggle-group.tsx";
import { indentJson, memberText, parseEvent } from "./event-json.ts";
import { JsonTree } from "./json-tree.tsx";

export type View = "tree" | "raw" | "attributes";

interface EventSheetProps {
  readonly topic: string;
  readonly offset: number;
  /** The event, when the list has it already. */
  readonly row: EventRow | undefined;
  readonly view: View;
  readonly onView: (view: View) => void;
  readonly onStep: (by: 1 | -1) => void;
  readonly onClose: () => void;
  readonly onKey: (key: string) => void;
}

async function copy(text: string, what: string): Promise<void> {
  await navigator.clipboard.writeText(text);
  toast.success(`${what} copied`);
}

/** One event, beside the list. */
export function EventSheet({ topic, offset, row, view, onView, onStep, onClose, onKey }: EventSheetProps) {
  const api = useApi();
  const query = useQuery(api.events.get.queryOptions({ topic, offset }, { enabled: row === undefined }));
  const event = row ?? query.data;
  const path = `/v1/topics/${topic}/events/${offset}`;
  const sdk = `for await (const event of client.follow(${JSON.stringify(topic)}, { after: ${offset - 1} })) {\n  console.log(event);\n  break;\n}`;

  return (
    <section
      aria-label={`Event ${offset}`}
      className="flex w-[480px] shrink-0 flex-col border-line border-l bg-surface max-lg:absolute max-lg:inset-y-0 max-lg:right-0 max-lg:z-10 max-lg:w-[min(480px,100%)] max-lg:shadow-sheet"
    >
      <header className="flex h-12 shrink-0 items-center gap-1 border-line border-b pr-2 pl-4">
        <h2 className="min-w-0 flex-1 truncate text-base">
          <span className="font-normal text-muted">Event</span> {formatCount(offset)}
        </h2>
        <Button look="ghost" size="icon" aria-label="Event above" title="Event above  [" onClick={() => onStep(-1)}>
          <ArrowUp />
        </Button>
        <Button look="ghost" size="icon" aria-label="Event below" title="Event below  ]" onClick={() => onStep(1)}>
          <ArrowDown />
        </Button>
        <Menu>
          <MenuTrigger render={<Button size="sm" disabled={event === undefined} />}>
            Copy <ChevronDown aria-hidden="true" />
          </MenuTrigger>
          <MenuContent align="end">
            <MenuItem onClick={() => event !== undefined && copy(event.json, "Event")}>Event as JSON</MenuItem>
            <MenuItem onClick={() => event !== undefined && copy(memberText(event.json, "data") ?? "", "Data")}>
              Data as JSON
            </MenuItem>
            <MenuItem onClick={() => copy(curl({ method: "GET", path }), "curl call")}>curl call</MenuItem>
            <MenuItem onClick={() => copy(sdk, "SDK call")}>SDK call</MenuItem>
            <MenuItem onClick={() => copy(window.location.href, "Link")}>Link to this view</MenuItem>
          </MenuContent>
        </Menu>
        <ButtonLink look="ghost" size="sm" href={`/topics/${topic}/events/${offset}`}>
          Fate
        </ButtonLink>
        <Button look="ghost" size="icon" aria-label="Close" title="Close  Esc" onClick={onClose}>
          <X />
        </Button>
      </header>
      {event === undefined ? (
        query.error === null ? (
          <Skeleton className="m-4 h-40" />
        ) : (
          <Failure error={query.error} what="event" onRetry={() => void query.refetch()} />
        )
      ) : (
        <EventBody event={event} view={view} onView={onView} onKey={onKey} />
      )}
    </section>
  );
}

export interface EventBodyProps {
  readonly event: EventRow;
  readonly view: View;
  readonly onView: (view: View) => void;
  readonly onKey: (key: string) => void;
}

/** An event in full: its facts, and its data as a tree, as text, or its attributes. */
export function EventBody({ event, view, onView, onKey }: EventBodyProps) {
  const { key } = event;
  const parsed = parseEvent(event.json);
  const data = memberText(event.json, "data") ?? memberText(event.json, "data_base64");
  const bytes = data === null ? 0 : new TextEncoder().encode(data).length;
  return (
    <div className="flex min-h-0 flex-1 flex-col gap-4 overflow-y-auto px-4 py-4">
      <dl className="grid grid-cols-[84px_1fr] gap-x-3 gap-y-1.5">
        <dt className="text-muted">Type</dt>
        <dd className="break-all font-medium">{event.type}</dd>
        <dt className="text-muted">Key</dt>
        <dd className="break-all">
          {key === null ? (
            <span className="text-faint">–</span>
          ) : (
            <button
              type="button"
              onClick={() => onKey(key)}
              title="Show only this key"
              className="rounded-sm text-left text-accent hover:underline"
            >
              {key}
            </button>
          )}
        </dd>
        <dt className="text-muted">Recorded</dt>
        <dd>
          <DateTime at={event.recordedAt} />
        </dd>
        <dt className="text-muted">Id</dt>
        <dd className="break-all font-mono text-xs leading-5">{event.id}</dd>
      </dl>
      <div className="flex items-center justify-between gap-2">
        <ToggleGroup
          aria-label="View"
          value={view}
          choices={[
            { value: "tree", label: "Tree" },
            { value: "raw", label: "Raw" },
            { value: "attributes", label: "Attributes" },
          ]}
          onChange={onView}
        />
        <span className="text-faint text-xs">{data === null ? "no data" : formatBytes(bytes)}</span>
      </div>
      {view === "attributes" ? (
        <dl className="divide-y divide-line rounded-md border border-line">
          {parsed.attributes.map(([name, value]) => (
            <div key={name} className="grid grid-cols-[132px_1fr] gap-3 px-3 py-1.5">
              <dt className="text-muted">{name}</dt>
              <dd className="break-all font-mono text-xs leading-5">{value}</dd>
            </div>
          ))}
        </dl>
      ) : data === null ? (
        <p className="text-muted">The event has no data.</p>
      ) : view === "raw" || parsed.isRawOnly ? (
        <>
          {view === "tree" ? (
            <p className="text-muted text-xs">A tree would change this data; this is its text.</p>
          ) : null}
          <CodeBlock label="data" code={indentJson(data)} />
        </>
      ) : (
        <div className="-ml-1 font-mono text-xs leading-5">
          <JsonTree value={parsed.data} />
        </div>
      )}
    </div>
  );
}
