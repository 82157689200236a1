"use client";

import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { Braces, SearchX } from "lucide-react";
import { debounce, parseAsString, useQueryState } from "nuqs";
import { type ApiError, useApi, useApiClient } from "../data/api.ts";
import { CopyButton } from "../display/copy-button.tsx";
import { Failure } from "../display/failure.tsx";
import { formatCount } from "../display/format-count.ts";
import { Ago } from "../display/moment.tsx";
import { Empty } from "../display/notice.tsx";
import { SearchBox } from "../display/search-box.tsx";
import { Button } from "../ui/button.tsx";
import { Panel } from "../ui/panel.tsx";
import { Skeleton } from "../ui/skeleton.tsx";

const TYPING_MS = 250;

/** The entries that the consumer keeps beside its position, found by the beginning of the key. */
export function StateEntries({ consumer }: { consumer: string }) {
  const api = useApi();
  const client = useApiClient();
  const [prefix, setPrefix] = useQueryState(
    "prefix",
    parseAsString.withDefault("").withOptions({ limitUrlUpdates: debounce(TYPING_MS) }),
  );
  const query = useInfiniteQuery({
    queryKey: [...api.state.list.queryKey({ consumer }), "pages", prefix],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam, signal }) =>
      client.state.list.query(
        {
          consumer,
          limit: 100,
          ...(prefix === "" ? {} : { prefix }),
          ...(pageParam === undefined ? {} : { after: pageParam }),
        },
        { signal },
      ),
    getNextPageParam: (page) => page.next ?? undefined,
    placeholderData: keepPreviousData,
  });
  const entries = query.data?.pages.flatMap((page) => page.entries);
  if (query.error !== null)
    return <Failure error={query.error as unknown as ApiError} what="state" onRetry={() => void query.refetch()} />;
  return (
    <>
      <SearchBox
        label="Key starts with"
        value={prefix}
        onChange={(text) => void setPrefix(text === "" ? null : text)}
      />
      <Panel>
        {entries === undefined ? (
          <Skeleton className="m-3 h-24" />
        ) : entries.length === 0 ? (
          prefix === "" ? (
            <Empty icon={Braces} title="No state kept">
              A member writes state entries together with a settlement; they are committed with the position.
            </Empty>
          ) : (
            <Empty
              icon={SearchX}
              title="No key starts like that"
              action={<Button onClick={() => void setPrefix(null)}>Show all keys</Button>}
            />
          )
        ) : (
          <table aria-label="State entries" className="w-full table-fixed">
            <thead>
              <tr className="h-8 border-line border-b text-left text-muted text-xs">
                <th scope="col" className="w-64 px-3 font-medium">
                  Key
                </th>
                <th scope="col" className="px-3 font-medium">
                  Value
                </th>
                <th scope="col" className="w-20 px-3 text-right font-medium">
                  Version
                </th>
                <th scope="col" className="w-28 px-3 text-right font-medium">
                  Written
                </th>
                <th scope="col" className="w-11 px-2">
                  <span className="sr-only">Copy</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {entries.map((it) => {
                const text = JSON.stringify(it.value);
                return (
                  <tr key={it.key} className="h-(--row) border-line border-b last:border-0">
                    <td className="truncate px-3 font-mono text-xs" title={it.key}>
                      {it.key}
                    </td>
                    <td className="truncate px-3 font-mono text-muted text-xs" title={text}>
                      {text}
                    </td>
                    <td className="px-3 text-right">{formatCount(it.version)}</td>
                    <td className="px-3 text-right">
                      <Ago at={it.updatedAt} />
                    </td>
                    <td className="px-2">
                      <CopyButton text={text} label={`Copy the value of ${it.key}`} />
                    </td>
                  </tr>
                );
              })}
            </tbody>
          </table>
        )}
      </Panel>
      {query.hasNextPage ? (
        <Button className="self-start" disabled={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
          Show more
        </Button>
      ) : null}
    </>
  );
}
