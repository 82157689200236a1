"use client";

import Link from "next/link";
import type { ConsumerDescription, PartitionPosition } from "@/server/contract/consumers.ts";
import { formatCount, formatMatching } from "../display/format-count.ts";
import { formatDateTime, formatDuration } from "../display/format-time.ts";
import { useNow } from "../display/use-now.ts";
import { usePreferences } from "../preferences/preferences-provider.tsx";
import { Panel } from "../ui/panel.tsx";
import { ScrollRegion } from "../ui/scroll-region.tsx";
import { Skeleton } from "../ui/skeleton.tsx";

type Place = ConsumerDescription["topics"][number];

/** Every topic's place, and under it the place and the lease of each partition. */
export function PositionTables({ description }: { description: ConsumerDescription | undefined }) {
  if (description === undefined) return <Skeleton className="h-40 w-full rounded-lg" />;
  return description.topics.map((it) => <TopicPlace key={it.topic} place={it} />);
}

function TopicPlace({ place }: { place: Place }) {
  const share = place.head === 0 ? 1 : place.position / place.head;
  return (
    <Panel
      title={
        <Link
          href={`/topics/${place.topic}/events?start=offset&offset=${Math.max(1, place.position)}`}
          className="rounded-sm font-mono text-sm hover:underline"
        >
          {place.topic}
        </Link>
      }
      aside={
        <span className="live-value flex flex-wrap items-center gap-x-4">
          <span>
            position <b className="font-medium text-ink">{formatCount(place.position)}</b>
          </span>
          <span>
            head <b className="font-medium text-ink">{formatCount(place.head)}</b>
          </span>
          <span>
            lag <b className="font-medium text-ink">{formatCount(place.lag)}</b>
          </span>
          {place.matching === undefined ? null : (
            <span>
              of it passing <b className="font-medium text-ink">{formatMatching(place.matching)}</b>
            </span>
          )}
          <span>
            behind <b className="font-medium text-ink">{formatDuration(place.lagMs)}</b>
          </span>
        </span>
      }
    >
      <div aria-hidden="true" className="h-0.5 bg-idle-soft">
        <div className="h-full bg-accent transition-[width] duration-500" style={{ width: `${share * 100}%` }} />
      </div>
      <ScrollRegion label={`Partitions in ${place.topic}`}>
        <table aria-label={`Partitions in ${place.topic}`} className="w-full min-w-[640px] table-fixed">
          <thead>
            <tr className="h-8 border-line border-b text-left text-muted text-xs">
              <th scope="col" className="w-24 px-3 font-medium">
                Partition
              </th>
              <th scope="col" className="w-28 px-3 text-right font-medium">
                Position
              </th>
              <th scope="col" className="w-28 px-3 text-right font-medium">
                Head
              </th>
              <th scope="col" className="w-24 px-3 text-right font-medium">
                Lag
              </th>
              <th scope="col" className="px-3 font-medium">
                Lease holder
              </th>
              <th scope="col" className="w-20 px-3 text-right font-medium">
                Epoch
              </th>
              <th scope="col" className="w-32 px-3 text-right font-medium">
                Lease ends in
              </th>
            </tr>
          </thead>
          <tbody>
            {place.partitions.map((it) => (
              <tr key={it.partition} className="h-(--row) border-line border-b last:border-0">
                <td className="px-3">{it.partition}</td>
                <td className="live-value px-3 text-right">{formatCount(it.position)}</td>
                <td className="live-value px-3 text-right text-muted">{formatCount(place.head)}</td>
                <td className="live-value px-3 text-right">{formatCount(Math.max(0, place.head - it.position))}</td>
                <td className="truncate px-3 font-mono text-xs" title={it.member ?? ""}>
                  {it.member ?? <span className="font-sans text-faint text-sm">nobody</span>}
                </td>
                <td className="px-3 text-right">{formatCount(it.epoch)}</td>
                <td className="px-3 text-right">
                  <Expiry lease={it} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </ScrollRegion>
    </Panel>
  );
}

function Expiry({ lease }: { lease: PartitionPosition }) {
  const now = useNow();
  const { preferences } = usePreferences();
  if (lease.member === null || lease.expiresAt === null) return <span className="text-faint">–</span>;
  const leftMs = Date.parse(lease.expiresAt) - now;
  return (
    <time dateTime={lease.expiresAt} title={formatDateTime(lease.expiresAt, preferences.clock)} className="live-value">
      {leftMs <= 0 ? "ended" : formatDuration(Math.ceil(leftMs / 1_000) * 1_000).replace(/\.0 s$/, " s")}
    </time>
  );
}
