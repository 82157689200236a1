"use client";

import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { parseAsString, parseAsStringLiteral, useQueryState } from "nuqs";
import { useState } from "react";
import type { ParkedFilter } from "@/server/contract/parked.ts";
import { useApi } from "../data/api.ts";
import { CodeBlock } from "../display/code-block.tsx";
import { FactStrip } from "../display/facts.tsx";
import { Failure } from "../display/failure.tsx";
import { formatCount } from "../display/format-count.ts";
import { Ago } from "../display/moment.tsx";
import { SearchBox } from "../display/search-box.tsx";
import { Page } from "../shell/page.tsx";
import { Button } from "../ui/button.tsx";
import { Panel } from "../ui/panel.tsx";
import { ToggleGroup } from "../ui/toggle-group.tsx";
import { Letters } from "./letters.tsx";
import { type Target, VerbDialog } from "./verb-dialog.tsx";

const STATES = ["all", "dead", "retrying", "discarded"] as const;

/** One kind of failure of one consumer: a sample, its letters, and what can be done about all of them. */
export function GroupPage({ fingerprint }: { fingerprint: string }) {
  const api = useApi();
  const [consumer] = useQueryState("consumer", parseAsString.withDefault(""));
  const [state, setState] = useQueryState("state", parseAsStringLiteral(STATES).withDefault("all"));
  const [key, setKey] = useQueryState("key", parseAsString.withDefault(""));
  const [type, setType] = useQueryState("type", parseAsString.withDefault(""));
  const [target, setTarget] = useState<Target | null>(null);
  const query = useQuery(
    api.parked.groups.queryOptions({ consumer }, { enabled: consumer !== "", refetchInterval: 2_000 }),
  );
  const group = query.data?.groups.find((it) => it.fingerprint === fingerprint);
  const filter: ParkedFilter = {
    fingerprint,
    ...(state !== "all" && { state }),
    ...(key !== "" && { key }),
    ...(type !== "" && { type }),
  };
  const error = group?.sample.error;
  const what = error === undefined ? "these letters" : `"${error.name}" of ${consumer}`;
  const narrowed = { fingerprint, ...(key !== "" && { key }), ...(type !== "" && { type }) };
  const isNarrowed = key !== "" || type !== "";
  const verb = (name: Target["verb"], count: number) => () =>
    setTarget({ verb: name, consumer, filter: narrowed, count, what });
  const gone = group === undefined ? "None of these is parked any more." : undefined;

  return (
    <Page
      crumbs={[{ label: "Dead letters", href: "/dead-letters" }, { label: error?.name ?? fingerprint }]}
      actions={
        <>
          <Button
            size="sm"
            look="primary"
            blockedBecause={gone ?? (group?.dead === 0 ? "None of them is dead: they are tried again." : undefined)}
            onClick={verb("redrive", group?.dead ?? 0)}
          >
            Redrive {isNarrowed ? "what matches" : formatCount(group?.dead)}
          </Button>
          <Button size="sm" blockedBecause={gone} onClick={verb("discard", group?.count ?? 0)}>
            Discard {isNarrowed ? "what matches" : formatCount(group?.count)}
          </Button>
        </>
      }
    >
      {query.error !== null ? (
        <Failure error={query.error} what="kind of failure" onRetry={() => void query.refetch()} />
      ) : (
        <>
          <FactStrip
            facts={[
              {
                label: "Consumer",
                value: (
                  <Link href={`/consumers/${consumer}`} className="hover:underline">
                    {consumer}
                  </Link>
                ),
              },
              { label: "Dead", value: formatCount(group?.dead ?? 0), note: "dead letters" },
              { label: "Retrying", value: formatCount(group?.retrying ?? 0), note: "tried again by themselves" },
              { label: "Keys held up", value: formatCount(group?.sequencesBlocked ?? 0), note: "with events behind" },
              { label: "Waiting behind", value: formatCount(group?.eventsBehind ?? 0), note: "events" },
              { label: "Last", value: <Ago at={group?.lastAt} />, note: "failed" },
            ]}
          />
          {error === undefined ? null : (
            <Panel
              title={error.name}
              aside={
                <>
                  newest: {group?.sample.topic}/{formatCount(group?.sample.offset)}
                </>
              }
            >
              <p className="px-3 py-2">{error.message}</p>
              {error.stack === null ? null : <CodeBlock code={error.stack} label="Stack" className="m-3 mt-0" />}
            </Panel>
          )}
          <div className="flex flex-wrap items-center gap-3">
            <ToggleGroup
              aria-label="State"
              value={state}
              choices={[
                { value: "all", label: "All" },
                { value: "dead", label: "Dead" },
                { value: "retrying", label: "Retrying" },
                { value: "discarded", label: "Discarded" },
              ]}
              onChange={(next) => void setState(next === "all" ? null : next)}
            />
            <SearchBox
              label="Exactly this key"
              value={key}
              onChange={(next) => void setKey(next === "" ? null : next)}
            />
            <SearchBox
              label="Exactly this type"
              value={type}
              onChange={(next) => void setType(next === "" ? null : next)}
            />
          </div>
          {consumer === "" ? null : <Letters title="Letters" consumer={consumer} filter={filter} onVerb={setTarget} />}
        </>
      )}
      <VerbDialog target={target} onClose={() => setTarget(null)} />
    </Page>
  );
}
