"use client";

import Link from "next/link";
import { parseAsStringLiteral, useQueryState } from "nuqs";
import { useState } from "react";
import type { ConsumerDescription } from "@/server/contract/consumers.ts";
import { Letters } from "../dead-letters/letters.tsx";
import { type Target, VerbDialog } from "../dead-letters/verb-dialog.tsx";
import { FactStrip } from "../display/facts.tsx";
import { formatCount } from "../display/format-count.ts";
import { ToggleGroup } from "../ui/toggle-group.tsx";

const STATES = ["all", "dead", "retrying", "blocked", "discarded"] as const;

/** The parked events of one consumer. */
export function ParkedPanel({ description }: { description: ConsumerDescription | undefined }) {
  const [state, setState] = useQueryState("state", parseAsStringLiteral(STATES).withDefault("all"));
  const [target, setTarget] = useState<Target | null>(null);
  const parked = description?.parked;
  return (
    <>
      <FactStrip
        facts={[
          { label: "Dead", value: formatCount(parked?.dead), note: "out of attempts" },
          { label: "Retrying", value: formatCount(parked?.retrying), note: "tried again by themselves" },
          { label: "Waiting behind", value: formatCount(parked?.blocked), note: "an earlier one of their key" },
          { label: "Discarded", value: formatCount(parked?.discarded), note: "can be restored" },
        ]}
      />
      <div className="flex flex-wrap items-center gap-3">
        <ToggleGroup
          aria-label="State"
          value={state}
          choices={[
            { value: "all", label: "All" },
            { value: "dead", label: "Dead" },
            { value: "retrying", label: "Retrying" },
            { value: "blocked", label: "Waiting" },
            { value: "discarded", label: "Discarded" },
          ]}
          onChange={(next) => void setState(next === "all" ? null : next)}
        />
        {description === undefined ? null : (
          <Link href={`/dead-letters?consumer=${description.consumer}`} className="text-muted text-xs hover:text-ink">
            By what went wrong
          </Link>
        )}
      </div>
      {description === undefined ? null : (
        <Letters
          title="Parked events"
          consumer={description.consumer}
          filter={state === "all" ? {} : { state }}
          onVerb={setTarget}
        />
      )}
      <VerbDialog target={target} onClose={() => setTarget(null)} />
    </>
  );
}
