"use client";

import { useQuery } from "@tanstack/react-query";
import { Scale } from "lucide-react";
import Link from "next/link";
import { useState } from "react";
import type { Account } from "@/server/contract/account.ts";
import { useApi } from "../data/api.ts";
import { actorText } from "../display/actor-text.ts";
import { Failure } from "../display/failure.tsx";
import { formatCount } from "../display/format-count.ts";
import { Empty } from "../display/notice.tsx";
import { Panel } from "../ui/panel.tsx";
import { Skeleton } from "../ui/skeleton.tsx";

interface Line {
  readonly id: string;
  readonly label: string;
  readonly meaning: string;
  readonly count: number;
  readonly ranges: readonly (readonly [number, number])[];
}

interface Counted {
  readonly count: number;
  readonly ranges?: readonly (readonly [number, number])[];
}

function linesOf(it: Account): Line[] {
  const line = (id: string, [label, meaning]: readonly [string, string], of: Counted): Line => ({
    id,
    label,
    meaning,
    count: of.count,
    ranges: of.ranges ?? [],
  });
  return [
    line("settled", ["Settled", "acked at some time"], it.settled),
    line("filtered", ["Filtered", "a filter excluded them"], it.filtered),
    line("inFlight", ["In flight", "with a member now"], it.inFlight),
    line("retrying", ["Retrying", "failed, and tried again by themselves"], it.retrying),
    line("dead", ["Dead", "out of attempts"], it.dead),
    line("blocked", ["Blocked", "wait behind an earlier one of their key"], it.blocked),
    line("discarded", ["Discarded", "not wanted; can be restored"], it.discarded),
    ...it.skipped.map((skip) =>
      line(`skipped-${skip.change}`, ["Skipped", `by a position change of ${actorText(skip.actor)}`], skip),
    ),
    line("beforeStart", ["Before start", "the consumer began after them"], it.beforeStart),
    line("expired", ["Expired", "retention took them first"], it.expired),
    line("pending", ["Pending", "not delivered yet"], it.pending),
  ];
}

const FEW = 6;

/** Where the offsets of a class lie: a few, and all that are told on demand. Each leads to its first event. */
function Ranges({ topic, label, ranges }: { topic: string } & Pick<Line, "label" | "ranges">) {
  const [isWhole, setWhole] = useState(false);
  const hidden = ranges.length - FEW;
  return (
    <span className="flex flex-wrap items-baseline gap-x-2 py-1">
      {(isWhole ? ranges : ranges.slice(0, FEW)).map(([from, to]) => (
        <Link
          key={from}
          href={`/topics/${topic}/events/${from}`}
          className="rounded-sm font-mono text-muted text-xs hover:text-accent hover:underline"
        >
          {from === to ? formatCount(from) : `${formatCount(from)}–${formatCount(to)}`}
        </Link>
      ))}
      {hidden > 0 ? (
        <button
          type="button"
          aria-expanded={isWhole}
          onClick={() => setWhole((it) => !it)}
          className="rounded-sm text-accent text-xs hover:underline"
        >
          {isWhole ? "fewer" : `${formatCount(hidden)} more`}
          <span className="sr-only"> ranges of {label.toLowerCase()}</span>
        </button>
      ) : null}
    </span>
  );
}

/** Every offset of every topic in exactly one class; the classes add up to the head. */
export function AccountPanel({ consumer }: { consumer: string }) {
  const api = useApi();
  const { data, error, refetch } = useQuery(api.accounts.get.queryOptions({ consumer }, { refetchInterval: 5_000 }));
  if (error !== null) return <Failure error={error} what="account" onRetry={() => void refetch()} />;
  if (data === undefined) return <Skeleton className="h-60 w-full rounded-lg" />;
  if (data.accounts.length === 0) return <Empty icon={Scale} title="This consumer reads no topic" />;
  return data.accounts.map((it) => (
    <Panel
      key={it.topic}
      title={
        <>
          Account of <span className="font-mono text-sm">{it.topic}</span>
        </>
      }
      aside={it.total === it.head ? "adds up to the head" : "does not add up: please report this"}
    >
      <table aria-label={`Account of ${it.topic}`} className="w-full">
        <thead>
          <tr className="h-8 border-line border-b text-left text-muted text-xs">
            <th scope="col" className="w-32 px-3 font-medium">
              Class
            </th>
            <th scope="col" className="w-28 px-3 text-right font-medium">
              Events
            </th>
            <th scope="col" className="w-80 px-3 font-medium">
              Meaning
            </th>
            <th scope="col" className="px-3 font-medium max-md:hidden">
              Offsets
            </th>
          </tr>
        </thead>
        <tbody>
          {linesOf(it)
            .filter((line) => line.count > 0 || line.id === "settled" || line.id === "pending")
            .map((line) => (
              <tr key={line.id} className="h-(--row) border-line border-b">
                <td className="px-3 font-medium">{line.label}</td>
                <td className="px-3 text-right">{formatCount(line.count)}</td>
                <td className="px-3 text-muted">{line.meaning}</td>
                <td className="px-3 max-md:hidden">
                  <Ranges topic={it.topic} label={line.label} ranges={line.ranges} />
                </td>
              </tr>
            ))}
          <tr className="h-(--row) font-medium">
            <td className="px-3">Head</td>
            <td className="px-3 text-right">{formatCount(it.head)}</td>
            <td className="px-3 text-muted" colSpan={2}>
              sum of all classes: {formatCount(it.total)}
            </td>
          </tr>
        </tbody>
      </table>
    </Panel>
  ));
}
