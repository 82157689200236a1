import { DomainError, type ErrorCode, type ErrorDetails } from "../../domain/errors.ts";
import type { SettlementItem } from "./group.ts";
import type { HolderResult } from "./queue.ts";

/** The holder's answer to one request, as it travels. */
export type HolderAnswer =
  | HolderResult
  | {
      readonly kind: "refused";
      readonly code: ErrorCode;
      readonly message: string;
      readonly details: Omit<ErrorDetails, "cause">;
    };

export function refusedAnswer({ code, message, details }: DomainError): HolderAnswer {
  const { cause: _, ...rest } = details;
  return { kind: "refused", code, message, details: rest };
}

/**
 * The refusal at the asker's, as if the holder had given it to the caller. `indexes`: where the settlements of this part
 * stand in the caller's request.
 */
export function refusalOf(
  { code, message, details }: Extract<HolderAnswer, { kind: "refused" }>,
  indexes: readonly number[],
): DomainError {
  return new DomainError(code, message, {
    ...details,
    ...(details.facts !== undefined && { facts: withIndexes(details.facts, indexes) }),
  });
}

function withIndexes(facts: Readonly<Record<string, unknown>>, indexes: readonly number[]): Record<string, unknown> {
  const placed = Object.entries(facts).map(([name, value]) => [
    name,
    Array.isArray(value)
      ? value.map((it: unknown) => (isIndexed(it) ? { ...it, index: indexes[it.index] } : it))
      : value,
  ]);
  return Object.fromEntries(placed) as Record<string, unknown>;
}

function isIndexed(it: unknown): it is { readonly index: number } {
  return typeof it === "object" && it !== null && "index" in it && typeof it.index === "number";
}

/** Fields that most settlements do not have. */
const ABSENT = { error: null, delayMs: null, reason: null, state: null } as const;

type Plain = Omit<SettlementItem, keyof typeof ABSENT | "offset" | "isVerdict">;

/** Plain settlements that differ in nothing but their offsets: a twentieth of the text for a thousand acks. */
interface Run extends Plain {
  readonly offsets: number[];
}

export function itemsText(items: readonly SettlementItem[]): string {
  const parts: (SettlementItem | Run)[] = [];
  let run: Run | undefined;
  for (const item of items) {
    if (!isPlain(item)) {
      run = undefined;
      parts.push(item);
    } else if (run !== undefined && isOfRun(run, item)) {
      run.offsets.push(item.offset);
    } else {
      const { topicId, topic, partition, epoch, offset, outcome, attempt } = item;
      run = { topicId, topic, partition, epoch, outcome, attempt, offsets: [offset] };
      parts.push(run);
    }
  }
  return JSON.stringify(parts);
}

/** The requests of one row. */
export function requestsOf(body: string): SettlementItem[][] {
  const requests = JSON.parse(body) as (SettlementItem | Run)[][];
  return requests.map((parts) => parts.flatMap(itemsOf));
}

function itemsOf(part: SettlementItem | Run): SettlementItem[] {
  if (!("offsets" in part)) return [part];
  const { offsets, ...plain } = part;
  return offsets.map((offset) => ({ ...ABSENT, ...plain, offset }));
}

function isPlain({ error, delayMs, reason, state }: SettlementItem): boolean {
  return error === null && delayMs === null && reason === null && state === null;
}

function isOfRun(run: Run, { topicId, partition, epoch, outcome, attempt }: SettlementItem): boolean {
  const isSamePlace = run.topicId === topicId && run.partition === partition && run.epoch === epoch;
  return isSamePlace && run.outcome === outcome && run.attempt === attempt;
}
