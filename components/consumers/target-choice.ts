import type { PositionTarget } from "@/server/contract/position-changes.ts";

export const TARGET_KINDS = [
  "earliest",
  "latest",
  "offset",
  "time",
  "duration",
  "shift",
  "consumer",
  "before",
] as const satisfies readonly PositionTarget["to"][];
export type TargetKind = (typeof TARGET_KINDS)[number];

export const PARKED_ACTIONS = ["keep", "clear", "redrive"] as const;
export const STATE_ACTIONS = ["keep", "clear"] as const;

/** The meaning of each target, in a line. */
export const TARGETS: readonly { readonly value: TargetKind; readonly label: string; readonly description: string }[] =
  [
    { value: "earliest", label: "Earliest", description: "Everything still retained is delivered again." },
    {
      value: "latest",
      label: "Latest",
      description: "What is not settled yet is never delivered; only new events are.",
    },
    { value: "offset", label: "An offset", description: "The next event delivered is the one at this offset." },
    {
      value: "time",
      label: "A time",
      description: "The next event delivered is the first one recorded at or after this time.",
    },
    {
      value: "duration",
      label: "Back by a time",
      description: "What was recorded within this time is delivered again.",
    },
    { value: "shift", label: "By a number of events", description: "So many offsets back (−) or on, in every topic." },
    { value: "consumer", label: "Another consumer", description: "To where another consumer of these topics stands." },
    {
      value: "before",
      label: "Just before an event",
      description: "The next event delivered is this one; only its topic moves.",
    },
  ];

/** The typed parts of a target; texts, as the fields hold them. */
export interface TargetFields {
  readonly offset: string;
  /** RFC 3339. */
  readonly time: string;
  readonly minutes: string;
  readonly by: string;
  readonly consumer: string;
  readonly topic: string;
}

const wholeOf = (text: string): number => Number(text.replaceAll(/[,\s]/g, "").replace("−", "-"));

/** The target that the fields amount to; null while one is missing or no number. */
export function targetOf(to: TargetKind, fields: TargetFields): PositionTarget | null {
  const offset = wholeOf(fields.offset);
  const isOffset = fields.offset.trim() !== "" && Number.isSafeInteger(offset) && offset >= 1;
  switch (to) {
    case "earliest":
    case "latest":
      return { to };
    case "offset":
      return isOffset ? { to, offset } : null;
    case "before":
      return isOffset && fields.topic !== "" ? { to, topic: fields.topic, offset } : null;
    case "time":
      return Number.isNaN(Date.parse(fields.time)) ? null : { to, time: fields.time };
    case "duration": {
      const ms = Math.round(Number(fields.minutes) * 60_000);
      return fields.minutes.trim() !== "" && Number.isSafeInteger(ms) && ms >= 1 ? { to, ms } : null;
    }
    case "shift": {
      const by = wholeOf(fields.by);
      return fields.by.trim() !== "" && Number.isSafeInteger(by) && by !== 0 ? { to, by } : null;
    }
    case "consumer":
      return fields.consumer === "" ? null : { to, consumer: fields.consumer };
  }
}
