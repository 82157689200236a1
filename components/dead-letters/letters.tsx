"use client";

import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { MailCheck } from "lucide-react";
import type { ReactNode } from "react";
import type { ParkedFilter } from "@/server/contract/parked.ts";
import { type ApiError, useApi, useApiClient } from "../data/api.ts";
import { DataTable } from "../display/data-table.tsx";
import { Failure } from "../display/failure.tsx";
import { Empty } from "../display/notice.tsx";
import { Button } from "../ui/button.tsx";
import { Panel } from "../ui/panel.tsx";
import { discardedColumns, parkedColumns } from "./letter-columns.tsx";
import type { Target } from "./verb-dialog.tsx";

const PAGE = 100;
const REFRESH_MS = 2_000;

interface LettersProps {
  readonly title: ReactNode;
  readonly consumer: string;
  readonly filter: ParkedFilter;
  readonly onVerb: (target: Target) => void;
  /** All have failed by the same error, which stands above. */
  readonly isOneKind?: boolean;
  /** When nothing passes the filter. */
  readonly empty?: ReactNode;
}

/** Parked events that pass a filter, a page at a time. */
export function Letters({ title, consumer, filter, onVerb, isOneKind = false, empty }: LettersProps) {
  const api = useApi();
  const client = useApiClient();
  const query = useInfiniteQuery({
    queryKey: [...api.parked.list.queryKey({ consumer, ...filter, limit: PAGE }), "pages"],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam, signal }) =>
      client.parked.list.query(
        { consumer, ...filter, limit: PAGE, ...(pageParam === undefined ? {} : { after: pageParam }) },
        { signal },
      ),
    getNextPageParam: (page) => page.next ?? undefined,
    placeholderData: keepPreviousData,
    refetchInterval: REFRESH_MS,
  });
  const columns =
    filter.state === "discarded"
      ? discardedColumns({ consumer, onVerb })
      : parkedColumns({ consumer, onVerb, isOneKind });
  if (query.error !== null) {
    return <Failure error={query.error as unknown as ApiError} what="list" onRetry={() => void query.refetch()} />;
  }
  return (
    <>
      <Panel title={title} aside="by topic and offset">
        <DataTable
          label="Letters"
          columns={columns}
          rows={query.data?.pages.flatMap((page) => page.events)}
          rowId={(it) => `${it.topic}/${it.offset}`}
          empty={
            empty ?? (
              <Empty icon={MailCheck} title="None of these is parked">
                What was parked here is settled, or was discarded or restored.
              </Empty>
            )
          }
        />
      </Panel>
      {query.hasNextPage ? (
        <Button className="self-start" disabled={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
          Show more
        </Button>
      ) : null}
    </>
  );
}
