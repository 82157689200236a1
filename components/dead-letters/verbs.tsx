"use client";

import type { ParkedFacets, ParkedSelection } from "@/server/contract/parked.ts";
import { formatCount, plural } from "../display/format-count.ts";
import { Button } from "../ui/button.tsx";
import type { Target } from "./verb-dialog.tsx";

interface VerbsProps {
  readonly consumer: string;
  readonly filter: ParkedSelection;
  /** Counted for exactly this filter; undefined while loading. */
  readonly facets: ParkedFacets | undefined;
  readonly what: string;
  readonly behind?: number | undefined;
  readonly onVerb: (target: Target) => void;
}

/** The verbs for all that passes the filter, in numbers. */
export function Verbs({ consumer, filter, facets, what, behind, onVerb }: VerbsProps) {
  const of = { consumer, filter, what };
  const loading = facets === undefined ? "The numbers are on their way." : undefined;
  const { redrivable = 0, discardable = 0, restorable = 0 } = facets ?? {};
  const retrying = facets?.states.retrying ?? 0;

  if (filter.state === "discarded") {
    return (
      <Button
        size="sm"
        look="primary"
        blockedBecause={loading ?? (restorable === 0 ? "None of these is discarded." : undefined)}
        onClick={() => onVerb({ ...of, verb: "restore", count: restorable })}
      >
        Restore {formatCount(facets?.restorable)}
      </Button>
    );
  }
  const nothing =
    redrivable > 0
      ? undefined
      : retrying > 0
        ? `None of them is dead: ${plural(retrying, "letter is", "letters are")} tried again by themselves. Choose Retrying to do it now.`
        : "None of these is parked.";
  return (
    <>
      <Button
        size="sm"
        look="primary"
        blockedBecause={loading ?? nothing}
        onClick={() => onVerb({ ...of, verb: "redrive", count: redrivable, ...(behind !== undefined && { behind }) })}
      >
        Redrive {formatCount(facets?.redrivable)}
      </Button>
      <Button
        size="sm"
        blockedBecause={loading ?? (discardable === 0 ? "None of these is parked." : undefined)}
        onClick={() => onVerb({ ...of, verb: "discard", count: discardable, ...(behind !== undefined && { behind }) })}
      >
        Discard {formatCount(facets?.discardable)}
      </Button>
    </>
  );
}
