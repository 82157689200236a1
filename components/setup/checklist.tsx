"use client";

import { useQuery } from "@tanstack/react-query";
import { CircleCheck, CircleDashed } from "lucide-react";
import type { ReactNode } from "react";
import { useApi } from "../data/api.ts";
import { CodeBlock } from "../display/code-block.tsx";
import { Callout } from "../display/notice.tsx";
import { ButtonLink } from "../ui/button.tsx";
import { snippetsFor } from "./snippets.ts";

const POLL_MS = 1_000;

/** The first key, shown this once, and the first steps with it; each turns green when the server has seen it done. */
export function Checklist({ secret }: { secret: string }) {
  const api = useApi();
  const topics = useQuery(api.topics.list.queryOptions(undefined, { refetchInterval: POLL_MS })).data?.topics ?? [];
  const consumers =
    useQuery(api.consumers.list.queryOptions(undefined, { refetchInterval: POLL_MS })).data?.consumers ?? [];
  const isPublished = topics.some((it) => it.head > 0);
  const isDeclared = consumers.length > 0;
  const isSettled = consumers.some((it) => it.topics.some(({ position }) => position > 0));
  const snippets = snippetsFor(window.location.origin, secret);

  return (
    <div className="flex flex-col gap-6">
      <section className="flex flex-col gap-2">
        <h2 className="text-sm">Your first API key</h2>
        <Callout tone="warn">It is shown this once and is stored only as a hash. Copy it now.</Callout>
        <CodeBlock code={secret} label="API key" />
      </section>
      <ol className="flex flex-col gap-6">
        <Step isDone={isPublished} title="Publish an event" waiting="Waiting for the first event">
          <CodeBlock code={snippets.publish} label="commands that publish an event" />
        </Step>
        <Step isDone={isDeclared} title="Consume it" waiting="Waiting for the first consumer">
          <p className="text-muted text-xs">The second command takes what there is, as a member of the consumer.</p>
          <CodeBlock code={snippets.consume} label="commands that consume" />
        </Step>
        <Step isDone={isSettled} title="Settle it" waiting="Waiting for the first settlement">
          <CodeBlock code={snippets.settle} label="commands that settle" />
        </Step>
      </ol>
      <div className="flex items-center justify-between gap-3 border-line border-t pt-4">
        <span className="text-muted text-xs">
          {isSettled ? "All of it works." : "This can be left at any time; nothing here has to be done."}
        </span>
        <ButtonLink href="/" look="primary">
          To the control room
        </ButtonLink>
      </div>
    </div>
  );
}

interface StepProps {
  readonly isDone: boolean;
  readonly title: string;
  readonly waiting: string;
  readonly children: ReactNode;
}

function Step({ isDone, title, waiting, children }: StepProps) {
  const Icon = isDone ? CircleCheck : CircleDashed;
  return (
    <li className="grid grid-cols-[1.25rem_minmax(0,1fr)] gap-x-2.5">
      <Icon aria-hidden="true" className={isDone ? "mt-[5px] size-4 text-ok" : "mt-[5px] size-4 text-faint"} />
      <div className="flex min-w-0 flex-col gap-2">
        <div className="flex items-baseline justify-between gap-3">
          <h2 className="text-sm">{title}</h2>
          <span className={isDone ? "font-medium text-ok text-xs" : "text-faint text-xs"} role="status">
            {isDone ? "Done" : `${waiting}…`}
          </span>
        </div>
        {children}
      </div>
    </li>
  );
}
