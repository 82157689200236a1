import Link from "next/link";
import type { ParkedEvent } from "@/server/contract/parked.ts";
import { actorText } from "../display/actor-text.ts";
import type { Column } from "../display/data-table.tsx";
import { formatCount } from "../display/format-count.ts";
import { Ago } from "../display/moment.tsx";
import { Status } from "../display/status.tsx";
import { Button } from "../ui/button.tsx";
import { DueIn } from "./due-in.tsx";
import { parkedLook, sequenceHref } from "./parked-words.ts";
import type { Target } from "./verb-dialog.tsx";

interface ColumnsFor {
  readonly consumer: string;
  readonly onVerb: (target: Target) => void;
}

type LetterColumn = Column<ParkedEvent>;

const EVENT: LetterColumn = {
  id: "event",
  header: "Event",
  cell: (it) => (
    <Link
      href={`/topics/${it.topic}/events/${it.offset}`}
      title={`${it.topic}/${formatCount(it.offset)}`}
      className="rounded-sm font-medium hover:underline"
    >
      {it.topic}/{formatCount(it.offset)}
    </Link>
  ),
  width: "w-36",
};

const TYPE: LetterColumn = {
  id: "type",
  header: "Type",
  cell: (it) => <span title={it.type}>{it.type}</span>,
  width: "w-36",
  from: "lg",
};

const keyOf = (consumer: string): LetterColumn => ({
  id: "key",
  header: "Key",
  cell: (it) =>
    it.key === null ? (
      <span className="text-faint">–</span>
    ) : (
      <Link
        href={sequenceHref(consumer, it.topic, it.key)}
        title={it.key}
        className="rounded-sm font-mono text-xs hover:underline"
      >
        {it.key}
      </Link>
    ),
  width: "w-32",
});

/** A verb on one event alone. */
const one = (consumer: string, it: ParkedEvent) => ({
  consumer,
  filter: { topic: it.topic, offset: it.offset },
  count: 1,
  what: `${it.topic}/${formatCount(it.offset)}`,
});

/** Why it stands here. */
function whyText({ state, discarded, error }: ParkedEvent): string {
  if (state === "discarded" && discarded !== null) return `discarded: ${discarded.reason}`;
  return error?.message ?? "waits for its turn";
}

function RestoreButton({ onPress }: { onPress: () => void }) {
  return (
    <Button size="sm" look="ghost" onClick={onPress}>
      Restore
    </Button>
  );
}

/** With `isOneKind` all have failed by the same error, which stands above: the key is given its room. */
export function parkedColumns({ consumer, onVerb, isOneKind }: ColumnsFor & { readonly isOneKind: boolean }) {
  const { width: _, ...key } = keyOf(consumer);
  const columns: LetterColumn[] = [
    EVENT,
    isOneKind ? key : keyOf(consumer),
    TYPE,
    {
      id: "state",
      header: "State",
      cell: (it) => (
        <>
          <Status {...parkedLook(it)} />
          {it.dueAt === null || it.operation !== null ? null : (
            <span className="ml-1.5 text-muted">
              <DueIn at={it.dueAt} />
            </span>
          )}
        </>
      ),
      width: "w-40",
    },
  ];
  if (!isOneKind) {
    columns.push({
      id: "error",
      header: "Error",
      cell: (it) => (
        <span className="text-muted" title={whyText(it)}>
          {whyText(it)}
        </span>
      ),
      from: "md",
    });
  }
  columns.push(
    {
      id: "attempt",
      header: "Attempts",
      cell: (it) => (it.attempt === 0 ? "–" : formatCount(it.attempt)),
      isNumber: true,
      width: "w-20",
      from: "lg",
    },
    {
      id: "failed",
      header: "Failed",
      cell: (it) => <Ago at={it.failedAt} />,
      isNumber: true,
      width: "w-24",
      from: "lg",
    },
    {
      id: "actions",
      header: "Actions",
      cell: (it) =>
        it.state === "discarded" ? (
          <RestoreButton onPress={() => onVerb({ ...one(consumer, it), verb: "restore" })} />
        ) : (
          <>
            {it.state === "blocked" ? null : (
              <Button
                size="sm"
                look="ghost"
                blockedBecause={it.operation === null ? undefined : "It is queued already."}
                onClick={() => onVerb({ ...one(consumer, it), verb: "redrive" })}
              >
                Retry now
              </Button>
            )}
            <Button size="sm" look="ghost" onClick={() => onVerb({ ...one(consumer, it), verb: "discard" })}>
              Discard
            </Button>
          </>
        ),
      isNumber: true,
      width: "w-44",
    },
  );
  return columns;
}

export function discardedColumns({ consumer, onVerb }: ColumnsFor): readonly LetterColumn[] {
  return [
    EVENT,
    keyOf(consumer),
    TYPE,
    {
      id: "reason",
      header: "Why",
      cell: (it) => <span title={it.discarded?.reason ?? ""}>{it.discarded?.reason}</span>,
      from: "md",
    },
    {
      id: "who",
      header: "Who",
      cell: (it) => (
        <span title={it.discarded?.by ?? ""}>{it.discarded === null ? null : actorText(it.discarded.by)}</span>
      ),
      width: "w-36",
      from: "xl",
    },
    {
      id: "at",
      header: "Discarded",
      cell: (it) => <Ago at={it.discarded?.at} />,
      isNumber: true,
      width: "w-24",
    },
    {
      id: "actions",
      header: "Actions",
      cell: (it) => <RestoreButton onPress={() => onVerb({ ...one(consumer, it), verb: "restore" })} />,
      isNumber: true,
      width: "w-24",
    },
  ];
}
