"use client";

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { MailCheck, SearchX } from "lucide-react";
import Link from "next/link";
import { parseAsString, parseAsStringLiteral, useQueryStates } from "nuqs";
import { useState } from "react";
import type { ParkedFilter, ParkedGroup } from "@/server/contract/parked.ts";
import { useApi } from "../data/api.ts";
import { FactStrip } from "../display/facts.tsx";
import { Failure } from "../display/failure.tsx";
import { formatCount } from "../display/format-count.ts";
import { Ago } from "../display/moment.tsx";
import { Empty } from "../display/notice.tsx";
import { SearchBox } from "../display/search-box.tsx";
import { Page } from "../shell/page.tsx";
import { Button } from "../ui/button.tsx";
import { Skeleton } from "../ui/skeleton.tsx";
import { ToggleGroup } from "../ui/toggle-group.tsx";
import { ErrorPanel } from "./error-panel.tsx";
import { FacetList } from "./facet-list.tsx";
import { Letters } from "./letters.tsx";
import { type Target, VerbDialog } from "./verb-dialog.tsx";
import { Verbs } from "./verbs.tsx";

const STATES = ["all", "dead", "retrying", "discarded"] as const;
const REFRESH_MS = 2_000;
const text = parseAsString.withDefault("");

/** One kind of failure of one consumer: a sample, its letters, and what can be done about them. */
export function GroupPage({ fingerprint }: { fingerprint: string }) {
  const api = useApi();
  const [{ consumer, state, topic, type, key }, change] = useQueryStates({
    consumer: text,
    state: parseAsStringLiteral(STATES).withDefault("all"),
    topic: text,
    type: text,
    key: text,
  });
  const [target, setTarget] = useState<Target | null>(null);
  const live = { enabled: consumer !== "", refetchInterval: REFRESH_MS, placeholderData: keepPreviousData };
  const groups = useQuery(api.parked.groups.queryOptions({ consumer }, live));
  const group = groups.data?.groups.find((it) => it.fingerprint === fingerprint);

  const narrowed: ParkedFilter = {
    fingerprint,
    ...(topic !== "" && { topic }),
    ...(type !== "" && { type }),
    ...(key !== "" && { key }),
  };
  const isNarrowed = topic !== "" || type !== "" || key !== "";
  const filter: ParkedFilter = { ...narrowed, ...(state !== "all" && { state }) };
  const counts = useQuery(api.parked.facets.queryOptions({ consumer, ...narrowed }, live)).data;
  const facets = useQuery(api.parked.facets.queryOptions({ consumer, ...filter }, live)).data;
  const choose = (name: "topic" | "type" | "key") => (value: string) =>
    void change({ [name]: value === "" ? null : value });
  const error = group?.sample.error;
  const also = [topic, type, key === "" ? "" : `key ${key}`].filter((it) => it !== "");

  return (
    <Page
      crumbs={[{ label: "Dead letters", href: "/dead-letters" }, { label: error?.name ?? fingerprint }]}
      actions={
        consumer === "" || groups.error !== null ? null : (
          <Verbs
            consumer={consumer}
            filter={filter}
            facets={facets}
            what={[error?.name ?? fingerprint, ...also].join(" · ")}
            behind={isNarrowed || state !== "all" ? undefined : group?.eventsBehind}
            onVerb={setTarget}
          />
        )
      }
    >
      {consumer === "" ? (
        <Empty icon={SearchX} title="Of which consumer?">
          The address names none.{" "}
          <Link href="/dead-letters" className="text-accent underline">
            All dead letters
          </Link>
        </Empty>
      ) : groups.error !== null ? (
        <Failure
          error={groups.error}
          what="kind of failure"
          all={{ href: "/dead-letters", label: "All dead letters" }}
          onRetry={() => void groups.refetch()}
        />
      ) : (
        <>
          <GroupFacts
            consumer={consumer}
            group={group}
            isLoading={groups.data === undefined}
            discarded={isNarrowed ? undefined : counts?.restorable}
          />
          {groups.data === undefined ? (
            <Skeleton className="h-28 w-full rounded-lg" />
          ) : error === undefined ? null : (
            <ErrorPanel error={error} event={group?.sample} />
          )}
          <div className="flex flex-wrap items-center gap-3">
            <ToggleGroup
              aria-label="State"
              value={state}
              choices={[
                { value: "all", label: "All" },
                { value: "dead", label: `Dead ${formatCount(counts?.states.dead)}` },
                { value: "retrying", label: `Retrying ${formatCount(counts?.states.retrying)}` },
                { value: "discarded", label: `Discarded ${formatCount(counts?.restorable)}` },
              ]}
              onChange={(next) => void change({ state: next === "all" ? null : next })}
            />
            <SearchBox label="Exactly this key" value={key} onChange={choose("key")} />
            {isNarrowed ? (
              <Button size="sm" onClick={() => void change({ topic: null, type: null, key: null })}>
                Clear the filters
              </Button>
            ) : null}
          </div>
          <div className="grid items-start gap-5 xl:grid-cols-[minmax(0,1fr)_15rem]">
            <div className="flex min-w-0 flex-col gap-5">
              <Letters
                title="Letters"
                consumer={consumer}
                filter={filter}
                onVerb={setTarget}
                isOneKind={state !== "discarded"}
                empty={
                  isNarrowed || state !== "all" ? <NoneMatches /> : <NoneLeft discarded={counts?.restorable ?? 0} />
                }
              />
            </div>
            <div className="grid gap-5 max-xl:grid-cols-3 max-md:grid-cols-1">
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

interface GroupFactsProps {
  readonly consumer: string;
  /** Undefined while loading, and when none of it is left. */
  readonly group: ParkedGroup | undefined;
  readonly isLoading: boolean;
  readonly discarded: number | undefined;
}

function GroupFacts({ consumer, group, isLoading, discarded }: GroupFactsProps) {
  const count = (of: "dead" | "retrying" | "sequencesBlocked" | "eventsBehind"): string =>
    formatCount(isLoading ? undefined : (group?.[of] ?? 0));
  return (
    <FactStrip
      facts={[
        {
          label: "Consumer",
          value: (
            <Link href={`/consumers/${consumer}`} title={consumer} className="rounded-sm hover:underline">
              {consumer}
            </Link>
          ),
          note: discarded === undefined || discarded === 0 ? "" : `${formatCount(discarded)} discarded`,
        },
        { label: "Dead", value: count("dead"), note: "until redriven or discarded" },
        { label: "Retrying", value: count("retrying"), note: "tried again by themselves" },
        { label: "Keys held up", value: count("sequencesBlocked"), note: "with events behind" },
        { label: "Waiting behind", value: count("eventsBehind"), note: "events" },
        { label: "First", value: <Ago at={group?.firstAt} />, note: "failed" },
        { label: "Last", value: <Ago at={group?.lastAt} />, note: "failed" },
      ]}
    />
  );
}

function NoneMatches() {
  return (
    <Empty icon={SearchX} title="No letter matches">
      Others of this kind may be in another state, or hidden by the filters.
    </Empty>
  );
}

function NoneLeft({ discarded }: { discarded: number }) {
  return (
    <Empty icon={MailCheck} title="None of these is parked any more">
      They are settled{discarded > 0 ? `, or among the ${formatCount(discarded)} discarded ones` : ""}.
    </Empty>
  );
}
