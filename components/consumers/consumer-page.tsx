"use client";

import { useQuery } from "@tanstack/react-query";
import { parseAsBoolean, parseAsStringLiteral, useQueryState } from "nuqs";
import { useApi } from "../data/api.ts";
import { FactStrip } from "../display/facts.tsx";
import { Failure } from "../display/failure.tsx";
import { formatCount, plural } from "../display/format-count.ts";
import { formatDuration } from "../display/format-time.ts";
import { Status } from "../display/status.tsx";
import { Page } from "../shell/page.tsx";
import { Button } from "../ui/button.tsx";
import { TabLinks } from "../ui/tabs.tsx";
import { ConsumerSettings } from "./consumer-settings.tsx";
import { standingOf } from "./consumer-status.tsx";
import { MemberTable } from "./member-table.tsx";
import { MovePosition } from "./move-position.tsx";
import { PositionHistory } from "./position-history.tsx";
import { PositionTables } from "./position-tables.tsx";
import { StateEntries } from "./state-entries.tsx";

const TABS = ["positions", "state", "history", "settings"] as const;
const LABELS: Record<(typeof TABS)[number], string> = {
  positions: "Positions",
  state: "State",
  history: "History",
  settings: "Settings",
};

export function ConsumerPage({ consumer }: { consumer: string }) {
  const api = useApi();
  const { data, error, refetch } = useQuery(api.consumers.get.queryOptions({ consumer }));
  const [tab] = useQueryState("tab", parseAsStringLiteral(TABS).withDefault("positions"));
  const [isMoving, setMoving] = useQueryState("move", parseAsBoolean.withDefault(false));
  const standing = data === undefined ? undefined : standingOf(data);

  return (
    <Page
      crumbs={[
        { label: "Consumers", href: "/consumers" },
        { label: consumer, isName: true },
      ]}
      tabs={
        <TabLinks
          label={`Parts of ${consumer}`}
          tabs={TABS.map((it) => ({
            href: `/consumers/${consumer}${it === "positions" ? "" : `?tab=${it}`}`,
            label: LABELS[it],
            isCurrent: it === tab,
          }))}
        />
      }
      actions={
        <Button size="sm" disabled={data === undefined} onClick={() => void setMoving(true)}>
          Move position
        </Button>
      }
    >
      {error !== null ? (
        <Failure error={error} what="consumer" onRetry={() => void refetch()} />
      ) : (
        <>
          <div className="flex min-h-5 flex-wrap items-center gap-x-3">
            {standing === undefined ? null : (
              <>
                <span className="font-medium">
                  <Status tone={standing.tone} word={standing.word} />
                </span>
                <span className="live-value text-muted">{standing.why}</span>
              </>
            )}
          </div>
          <FactStrip
            facts={[
              { label: "Lag", value: formatCount(standing?.lag), note: "events not settled" },
              { label: "Behind", value: formatDuration(standing?.lagMs), note: "age of the oldest of them" },
              { label: "Members", value: formatCount(data?.members.length), note: "connected now" },
              {
                label: "Partitions",
                value: formatCount(data?.partitions),
                note: data === undefined ? "" : `order kept per ${data.ordering}`,
              },
              {
                label: "In flight",
                value: data === undefined ? "–" : `≤ ${formatCount(data.maxInFlight)}`,
                note: "per member",
              },
              {
                label: "Topics",
                value: formatCount(data?.topics.length),
                note:
                  data === undefined
                    ? ""
                    : plural(
                        data.topics.reduce((sum, it) => sum + it.head, 0),
                        "event",
                      ),
              },
            ]}
          />
          {tab === "positions" ? (
            <>
              <PositionTables description={data} />
              <MemberTable description={data} />
            </>
          ) : tab === "state" ? (
            <StateEntries consumer={consumer} />
          ) : tab === "history" ? (
            <PositionHistory consumer={consumer} />
          ) : (
            <ConsumerSettings description={data} />
          )}
        </>
      )}
      {data === undefined ? null : (
        <MovePosition
          description={data}
          isOpen={isMoving}
          onOpenChange={(isOpen) => void setMoving(isOpen ? true : null)}
        />
      )}
    </Page>
  );
}
