"use client";

import type { ConsumerDescription, StartPoint } from "@/server/contract/consumers.ts";
import { backoffDelayMs } from "@/server/domain/retry-policy.ts";
import { FactList } from "../display/facts.tsx";
import { formatCount } from "../display/format-count.ts";
import { formatDuration } from "../display/format-time.ts";
import { DateTime } from "../display/moment.tsx";
import { Panel } from "../ui/panel.tsx";
import { Skeleton } from "../ui/skeleton.tsx";

function startText(start: StartPoint): string {
  if (typeof start === "string") return start;
  return "offset" in start ? `offset ${formatCount(start.offset)}` : start.time;
}

const MAX_PREVIEWED = 8;

/** When each attempt follows the one before, without jitter. */
function scheduleText({ retry }: ConsumerDescription): string {
  const count = Math.min(retry.maxAttempts - 1, MAX_PREVIEWED);
  if (count === 0) return "no second attempt";
  const delays = Array.from({ length: count }, (_, i) => formatDuration(backoffDelayMs(retry.backoff, i + 1, 0)));
  const more = retry.maxAttempts - 1 > MAX_PREVIEWED ? ", …" : "";
  return `then after ${delays.join(", ")}${more}; then dead`;
}

function breakerText({ breaker }: ConsumerDescription): string {
  if (breaker === null) return "off";
  const share = `${Math.round(breaker.failureShare * 100)} % of at least ${formatCount(breaker.minSettlements)} deliveries`;
  const stops = `stops when ${share} fail within ${formatDuration(breaker.windowMs)}`;
  return `${stops}; tries one after ${formatDuration(breaker.probeMinMs)}, then ever more seldom, up to every ${formatDuration(breaker.probeMaxMs)}`;
}

const list = (values: readonly string[] | undefined): string => (values === undefined ? "all" : values.join(", "));

export function ConsumerSettings({ description }: { description: ConsumerDescription | undefined }) {
  if (description === undefined) return <Skeleton className="h-60 w-full rounded-lg" />;
  const { retry } = description;
  const { backoff } = retry;
  return (
    <div className="grid items-start gap-5 xl:grid-cols-2">
      <Panel title="Delivery">
        <FactList
          facts={[
            { label: "Partitions", value: formatCount(description.partitions) },
            { label: "Order kept", value: `per ${description.ordering}` },
            { label: "In flight", value: `at most ${formatCount(description.maxInFlight)} events per member` },
            { label: "Ack timeout", value: formatDuration(description.ackTimeoutMs) },
            { label: "Reconnect grace", value: formatDuration(description.reconnectGraceMs) },
            { label: "Attempts", value: `at most ${formatCount(retry.maxAttempts)}` },
            {
              label: "Retry after",
              value:
                "delaysMs" in backoff
                  ? backoff.delaysMs.map((it) => formatDuration(it)).join(", ")
                  : `${formatDuration(backoff.initialMs)}, × ${backoff.factor} each time, at most ${formatDuration(backoff.maxMs)}, ± ${Math.round(backoff.jitter * 100)} %`,
            },
            { label: "Schedule", value: scheduleText(description) },
            {
              label: "Breaker",
              value: breakerText(description),
            },
            {
              label: "Permanent errors",
              value: retry.permanentErrors.length === 0 ? "none named" : retry.permanentErrors.join(", "),
            },
            { label: "Created", value: <DateTime at={description.createdAt} /> },
            { label: "Changed", value: <DateTime at={description.updatedAt} /> },
          ]}
        />
      </Panel>
      <div className="flex flex-col gap-5">
        {description.topics.map((it) => (
          <Panel key={it.topic} title={<span className="font-mono text-sm">{it.topic}</span>}>
            <FactList
              facts={[
                { label: "Types", value: list(it.types) },
                {
                  label: "Keys",
                  value: it.keyPrefix === undefined ? list(it.keys) : `those that start with ${it.keyPrefix}`,
                },
                { label: "Never replayed", value: it.liveOnly === undefined ? "none named" : it.liveOnly.join(", ") },
                { label: "Started at", value: startText(it.start) },
              ]}
            />
          </Panel>
        ))}
      </div>
    </div>
  );
}
