"use client";

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { ArchiveRestore, SearchX } from "lucide-react";
import { parseAsString, useQueryStates } from "nuqs";
import { useState } from "react";
import type { ParkedFilter } from "@/server/contract/parked.ts";
import { useApi } from "../data/api.ts";
import { Failure } from "../display/failure.tsx";
import { formatCount } from "../display/format-count.ts";
import { Empty } from "../display/notice.tsx";
import { SearchBox } from "../display/search-box.tsx";
import { Page } from "../shell/page.tsx";
import { Button } from "../ui/button.tsx";
import { Panel } from "../ui/panel.tsx";
import { Select } from "../ui/select.tsx";
import { Skeleton } from "../ui/skeleton.tsx";
import { DeadLetterTabs } from "./dead-letter-tabs.tsx";
import { FacetList } from "./facet-list.tsx";
import { Letters } from "./letters.tsx";
import { type Target, VerbDialog } from "./verb-dialog.tsx";
import { Verbs } from "./verbs.tsx";

const text = parseAsString.withDefault("");

/** The discarded letters of one consumer at a time, and the way back. */
export function DiscardedPage() {
  const api = useApi();
  const consumers = useQuery(api.consumers.list.queryOptions());
  const [asked, change] = useQueryStates({ consumer: text, topic: text, type: text, key: text });
  const { topic, type, key } = asked;
  const [target, setTarget] = useState<Target | null>(null);
  const having = consumers.data?.consumers.filter((it) => it.parked.discarded > 0) ?? [];
  const consumer = asked.consumer === "" ? (having[0]?.consumer ?? "") : asked.consumer;
  const choices = [...new Set([...having.map((it) => it.consumer), ...(consumer === "" ? [] : [consumer])])];

  const filter: ParkedFilter = {
    state: "discarded",
    ...(topic !== "" && { topic }),
    ...(type !== "" && { type }),
    ...(key !== "" && { key }),
  };
  const isNarrowed = topic !== "" || type !== "" || key !== "";
  const facets = useQuery(
    api.parked.facets.queryOptions(
      { consumer, ...filter },
      { enabled: consumer !== "", refetchInterval: 2_000, placeholderData: keepPreviousData },
    ),
  ).data;
  const choose = (name: "topic" | "type" | "key") => (value: string) =>
    void change({ [name]: value === "" ? null : value });
  const clear = { topic: null, type: null, key: null };

  return (
    <Page
      crumbs={[{ label: "Dead letters", href: "/dead-letters" }, { label: "Discarded" }]}
      tabs={<DeadLetterTabs current="discarded" />}
      actions={
        consumer === "" ? null : (
          <Verbs
            consumer={consumer}
            filter={filter}
            facets={facets}
            what={
              [topic, type, key === "" ? "" : `key ${key}`].filter((it) => it !== "").join(" · ") || "all discarded"
            }
            onVerb={setTarget}
          />
        )
      }
    >
      {consumers.error !== null ? (
        <Failure error={consumers.error} what="list" onRetry={() => void consumers.refetch()} />
      ) : consumers.data === undefined ? (
        <Skeleton className="h-60 w-full rounded-lg" />
      ) : consumer === "" ? (
        <Panel>
          <NeverHadAny />
        </Panel>
      ) : (
        <>
          <div className="flex flex-wrap items-center gap-3">
            <Select
              aria-label="Consumer"
              className="w-48"
              value={consumer}
              choices={choices.map((it) => ({ value: it, label: it }))}
              onChange={(next) => void change({ ...clear, consumer: next })}
            />
            <SearchBox label="Exactly this key" value={key} onChange={choose("key")} />
            {isNarrowed ? (
              <Button size="sm" onClick={() => void change(clear)}>
                Clear the filters
              </Button>
            ) : null}
            <span className="text-muted text-xs">{formatCount(facets?.restorable)} discarded</span>
          </div>
          <div className="grid items-start gap-5 xl:grid-cols-[minmax(0,1fr)_15rem]">
            <div className="flex min-w-0 flex-col gap-5">
              <Letters
                title="Discarded"
                consumer={consumer}
                filter={filter}
                onVerb={setTarget}
                empty={
                  isNarrowed ? (
                    <Empty
                      icon={SearchX}
                      title="No discarded event matches"
                      action={<Button onClick={() => void change(clear)}>Clear the filters</Button>}
                    />
                  ) : (
                    <NeverHadAny />
                  )
                }
              />
            </div>
            <div className="grid gap-5 max-md:grid-cols-1 max-xl:grid-cols-3">
              <FacetList title="Types" values={facets?.types} chosen={type} onChoose={choose("type")} />
              <FacetList title="Keys" values={facets?.keys} chosen={key} isMono onChoose={choose("key")} />
              <FacetList title="Topics" values={facets?.topics} chosen={topic} onChoose={choose("topic")} />
            </div>
          </div>
        </>
      )}
      <VerbDialog target={target} onClose={() => setTarget(null)} />
    </Page>
  );
}

function NeverHadAny() {
  return (
    <Empty icon={ArchiveRestore} title="Nothing is discarded">
      What is discarded is never delivered again, and stands here with who did it and why until somebody restores it.
    </Empty>
  );
}
