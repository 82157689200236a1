import { DomainError, type ErrorCode, type ErrorDetails } from "../domain/errors.ts";
import type { SettlementItem } from "./settlement-group.ts";
import type { HolderResult } from "./settlement-queue.ts";

/** What the holder made of one request, as it travels. */
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

/** What most settlements have none of is left out on the way. */
const ABSENT = { error: null, delayMs: null, reason: null, state: null } as const;

export function itemsText(items: readonly SettlementItem[]): string {
  return JSON.stringify(items.map((it) => (isPlain(it) ? withoutAbsent(it) : it)));
}

/** The requests of one row. */
export function requestsOf(body: string): SettlementItem[][] {
  const requests = JSON.parse(body) as Omit<SettlementItem, keyof typeof ABSENT>[][];
  return requests.map((items) => items.map((it) => ({ ...ABSENT, ...it })));
}

function isPlain({ error, delayMs, reason, state }: SettlementItem): boolean {
  return error === null && delayMs === null && reason === null && state === null;
}

function withoutAbsent({ topicId, topic, partition, epoch, offset, outcome, attempt }: SettlementItem) {
  return { topicId, topic, partition, epoch, offset, outcome, attempt };
}
