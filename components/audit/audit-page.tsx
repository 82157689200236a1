"use client";

import { useInfiniteQuery } from "@tanstack/react-query";
import { ChevronRight, ScrollText } from "lucide-react";
import { parseAsInteger, useQueryState } from "nuqs";
import { Fragment } from "react";
import { type ApiError, type ApiOutputs, useApi, useApiClient } from "../data/api.ts";
import { actorText } from "../display/actor-text.ts";
import { CodeBlock } from "../display/code-block.tsx";
import { Failure } from "../display/failure.tsx";
import { DateTime } from "../display/moment.tsx";
import { Empty } from "../display/notice.tsx";
import { Page } from "../shell/page.tsx";
import { Button } from "../ui/button.tsx";
import { cn } from "../ui/class-names.ts";
import { Panel } from "../ui/panel.tsx";
import { ScrollRegion } from "../ui/scroll-region.tsx";
import { Skeleton } from "../ui/skeleton.tsx";

type AuditRow = ApiOutputs["audit"]["list"]["entries"][number];

const PAGE = 100;
const COLUMNS = 6;

export function AuditPage() {
  const api = useApi();
  const client = useApiClient();
  const query = useInfiniteQuery({
    queryKey: [...api.audit.list.queryKey(), "pages"],
    initialPageParam: undefined as number | undefined,
    queryFn: ({ pageParam, signal }) =>
      client.audit.list.query({ limit: PAGE, ...(pageParam === undefined ? {} : { before: pageParam }) }, { signal }),
    getNextPageParam: (page) => page.next ?? undefined,
  });
  const [open, setOpen] = useQueryState("entry", parseAsInteger);
  const entries = query.data?.pages.flatMap((page) => page.entries);

  return (
    <Page crumbs={[{ label: "Audit" }]}>
      {query.error !== null ? (
        <Failure error={query.error as unknown as ApiError} what="audit" onRetry={() => void query.refetch()} />
      ) : (
        <Panel>
          {entries === undefined ? (
            <Skeleton className="m-3 h-40" />
          ) : entries.length === 0 ? (
            <Empty icon={ScrollText} title="Nothing was changed yet">
              What operators and keys change is kept here: who, what, why, before and after.
            </Empty>
          ) : (
            <ScrollRegion label="Audit">
              <table aria-label="Audit" className="w-full min-w-[760px] table-fixed">
                <thead>
                  <tr className="h-8 border-line border-b text-left text-muted text-xs">
                    <th scope="col" className="w-9 px-2">
                      <span className="sr-only">Before and after</span>
                    </th>
                    <th scope="col" className="w-52 px-3 font-medium">
                      When
                    </th>
                    <th scope="col" className="w-48 px-3 font-medium">
                      Who
                    </th>
                    <th scope="col" className="w-60 px-3 font-medium">
                      What
                    </th>
                    <th scope="col" className="px-3 font-medium">
                      Target
                    </th>
                    <th scope="col" className="px-3 font-medium">
                      Reason
                    </th>
                  </tr>
                </thead>
                <tbody>
                  {entries.map((it) => (
                    <Fragment key={it.id}>
                      <EntryRow
                        entry={it}
                        isOpen={open === it.id}
                        onToggle={() => void setOpen(open === it.id ? null : it.id)}
                      />
                      {open === it.id ? <EntryDetail entry={it} /> : null}
                    </Fragment>
                  ))}
                </tbody>
              </table>
            </ScrollRegion>
          )}
        </Panel>
      )}
      {query.hasNextPage ? (
        <Button className="self-start" disabled={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
          Show older
        </Button>
      ) : null}
    </Page>
  );
}

function EntryRow({ entry, isOpen, onToggle }: { entry: AuditRow; isOpen: boolean; onToggle: () => void }) {
  return (
    <tr
      onClick={onToggle}
      className={cn(
        "h-(--row) cursor-pointer border-line border-b last:border-b-0 hover:bg-hover",
        isOpen && "bg-hover",
      )}
    >
      <td className="px-2">
        <Button
          look="ghost"
          size="icon"
          aria-expanded={isOpen}
          aria-label={`Before and after of ${entry.action} ${entry.target}`}
          className="size-6"
          onClick={(event) => {
            event.stopPropagation();
            onToggle();
          }}
        >
          <ChevronRight className={cn("transition-transform", isOpen && "rotate-90")} />
        </Button>
      </td>
      <td className="truncate px-3">
        <DateTime at={entry.at} />
      </td>
      <td className="truncate px-3" title={entry.actor}>
        {actorText(entry.actor)}
      </td>
      <td className="truncate px-3 font-mono text-xs" title={entry.action}>
        {entry.action}
      </td>
      <td className="truncate px-3" title={entry.target}>
        {entry.target}
      </td>
      <td className="truncate px-3 text-muted" title={entry.reason ?? ""}>
        {entry.reason ?? <span className="text-faint">–</span>}
      </td>
    </tr>
  );
}

const pretty = (value: unknown): string =>
  value === null || value === undefined ? "–" : JSON.stringify(value, null, 2);

function EntryDetail({ entry }: { entry: AuditRow }) {
  return (
    <tr className="border-line border-b bg-sunken">
      <td colSpan={COLUMNS} className="px-3 py-3">
        <div className="grid gap-3 lg:grid-cols-2">
          <div className="min-w-0">
            <p className="pb-1 text-muted text-xs">Before</p>
            <CodeBlock label="before" code={pretty(entry.before)} className="bg-surface" />
          </div>
          <div className="min-w-0">
            <p className="pb-1 text-muted text-xs">After</p>
            <CodeBlock label="after" code={pretty(entry.after)} className="bg-surface" />
          </div>
        </div>
        <p className="pt-2 text-faint text-xs">
          Request <span className="font-mono">{entry.requestId ?? "–"}</span>
        </p>
      </td>
    </tr>
  );
}
