"use client";

import Link from "next/link";
import type { Alert } from "@/server/contract/alerts.ts";
import { alertWords } from "@/server/domain/alert-words.ts";
import { actorText } from "../display/actor-text.ts";
import type { Column } from "../display/data-table.tsx";
import { Ago } from "../display/moment.tsx";
import { Badge, type Tone } from "../ui/badge.tsx";
import { Button } from "../ui/button.tsx";

const STATES: Readonly<Record<Alert["state"], { readonly word: string; readonly tone: Tone }>> = {
  new: { word: "New", tone: "bad" },
  acknowledged: { word: "Acknowledged", tone: "warn" },
  over: { word: "Over", tone: "idle" },
};

const BECAUSE = {
  cleared: "it is as it should be again",
  "rule-changed": "the rule has changed",
  "subject-gone": "it is gone",
} as const;

const hrefOf = ({ subject }: Alert) => `/${subject.kind}s/${subject.name}`;

/** What became of it, in words. */
function outcomeOf({ acknowledged, over }: Alert): string {
  const seen =
    acknowledged === null
      ? null
      : actorText(acknowledged.by) + (acknowledged.note === null ? "" : `: ${acknowledged.note}`);
  return [seen, over === null ? null : BECAUSE[over.because]].filter((it) => it !== null).join(" · ");
}

export function alertColumns(onAcknowledge: (alert: Alert) => void): readonly Column<Alert>[] {
  return [
    {
      id: "state",
      header: "State",
      sortBy: (it) => it.state,
      cell: (it) => <Badge tone={STATES[it.state].tone}>{STATES[it.state].word}</Badge>,
      width: "w-30",
    },
    {
      id: "what",
      header: "What",
      cell: (it) => (
        <Link href={hrefOf(it)} className="rounded-sm font-medium hover:underline">
          {alertWords(it.measure, it.subject.name, it.state === "over" ? it.worst : it.value)}
        </Link>
      ),
      isProse: true,
    },
    {
      id: "rule",
      header: "Rule",
      sortBy: (it) => it.rule,
      cell: (it) => (
        <span title={it.severity === "page" ? "Somebody has to get up" : "It can wait for the morning"}>
          {it.rule} <span className="text-faint">{it.severity}</span>
        </span>
      ),
      width: "w-46",
      from: "lg",
    },
    {
      id: "outcome",
      header: "Seen by",
      cell: (it) => (
        <span className="text-muted" title={outcomeOf(it)}>
          {outcomeOf(it) === "" ? "–" : outcomeOf(it)}
        </span>
      ),
      width: "w-52",
      from: "xl",
    },
    {
      id: "at",
      header: "Since",
      sortBy: (it) => it.place,
      cell: (it) => <Ago at={it.since} />,
      isNumber: true,
      width: "w-26",
    },
    {
      id: "acknowledge",
      header: "Actions",
      cell: (it) => (
        <Button
          look="ghost"
          size="sm"
          className="h-6 px-2"
          blockedBecause={it.state === "new" ? undefined : "Somebody has seen it, or it is over"}
          title={`Acknowledge ${it.rule} of ${it.subject.name}`}
          onClick={() => onAcknowledge(it)}
        >
          Acknowledge
        </Button>
      ),
      isNumber: true,
      width: "w-32",
    },
  ];
}
