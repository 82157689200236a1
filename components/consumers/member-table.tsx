"use client";

import { Unplug } from "lucide-react";
import type { ConsumerDescription } from "@/server/contract/consumers.ts";
import { CodeBlock } from "../display/code-block.tsx";
import { curl } from "../display/curl.ts";
import { type Column, DataTable } from "../display/data-table.tsx";
import { Ago } from "../display/moment.tsx";
import { Empty } from "../display/notice.tsx";
import { Panel } from "../ui/panel.tsx";

type Member = ConsumerDescription["members"][number];

const COLUMNS: readonly Column<Member>[] = [
  { id: "member", header: "Member", cell: (it) => <span className="font-mono text-xs">{it.member}</span> },
  {
    id: "partitions",
    header: "Partitions",
    cell: (it) => (it.partitions.length === 0 ? <span className="text-faint">standby</span> : it.partitions.join(", ")),
    width: "w-56",
  },
  { id: "connected", header: "Connected", cell: (it) => <Ago at={it.connectedAt} />, isNumber: true, width: "w-32" },
];

export function MemberTable({ description }: { description: ConsumerDescription | undefined }) {
  return (
    <Panel title="Members" aside="connected now">
      <DataTable
        label="Members"
        columns={COLUMNS}
        rows={description?.members}
        rowId={(it) => it.member}
        empty={
          <Empty icon={Unplug} title="No member is connected">
            <p>Events wait for one. A member connects with:</p>
            <CodeBlock
              label="Connect"
              className="mt-3 text-left"
              code={`${curl({ method: "GET", path: `/v1/consumers/${description?.consumer}/events?member=member-1` }).replace("curl -sS", "curl -sSN")} \\\n  -H 'Accept: text/event-stream'`}
            />
          </Empty>
        }
      />
    </Panel>
  );
}
