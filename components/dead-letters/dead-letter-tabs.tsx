"use client";

import { useQuery } from "@tanstack/react-query";
import { useApi } from "../data/api.ts";
import { TabLinks } from "../ui/tabs.tsx";

export function DeadLetterTabs({ current }: { current: "failing" | "discarded" }) {
  const api = useApi();
  const consumers = useQuery(api.consumers.list.queryOptions()).data?.consumers;
  const discarded = consumers?.reduce((sum, it) => sum + it.parked.discarded, 0);
  return (
    <TabLinks
      label="Parts of dead letters"
      tabs={[
        { href: "/dead-letters", label: "By what went wrong", isCurrent: current === "failing" },
        {
          href: "/dead-letters/discarded",
          label: "Discarded",
          isCurrent: current === "discarded",
          ...(discarded !== undefined && { count: discarded }),
        },
      ]}
    />
  );
}
