import { expect } from "vitest";
import type { ConsumerModel, ModelEvent } from "./consumer-model.ts";
import type { StoredConsumer, StoredRow } from "./stored-consumer.ts";

/** What the database may say of every event, given its fate: rules 6, 7 and 9. */
export function checkConsumer(model: ConsumerModel, stored: StoredConsumer): void {
  const wrong = model.events.flatMap((event) => {
    const problem = problemOf(event, { model, stored });
    return problem === null
      ? []
      : [`${event.offset} (${event.key}, ${JSON.stringify(model.fate(event.offset))}): ${problem}`];
  });
  expect(wrong).toEqual([]);
  expect(wrongHeads(stored)).toEqual([]);
  expect(Object.fromEntries(stored.state)).toEqual(Object.fromEntries(model.state));
}

function problemOf(
  event: ModelEvent,
  { model, stored }: { readonly model: ConsumerModel; readonly stored: StoredConsumer },
): string | null {
  const row = stored.parked.get(event.offset);
  const isCovered = stored.isCovered(event);
  const fate = model.fate(event.offset);
  switch (fate.kind) {
    case "filtered":
    case "spared":
      return row === undefined ? null : `is parked as ${row.state}`;
    case "skipped":
    case "settled":
      if (row !== undefined) return `is parked as ${row.state}`;
      return isCovered ? null : "will be delivered again";
    case "discarded":
      return row?.state === "discarded" ? null : `is ${row?.state ?? "not parked"}`;
    case "pending":
      if (row === undefined) return isCovered ? "is lost: the position goes past it" : null;
      if (row.state !== "blocked" && row.state !== "retrying") return `is ${row.state}`;
      return null;
    case "failed": {
      if (row === undefined) return "is not parked";
      // Deliveries that broke off count as well.
      if (row.attempt < fate.attempt) return `has attempt ${row.attempt}`;
      const isFirst = first(stored, row) === row;
      const wanted = isFirst ? (fate.isDead ? "dead" : "retrying") : "blocked";
      return row.state === wanted ? null : `is ${row.state}`;
    }
  }
}

/** Of each sequence the first is its head, and all others are blocked behind it. */
function wrongHeads(stored: StoredConsumer): StoredRow[] {
  return [...stored.parked.values()].filter((row) => {
    if (row.state === "discarded") return false;
    return (first(stored, row) === row) === (row.state === "blocked");
  });
}

function first(stored: StoredConsumer, of: StoredRow): StoredRow {
  for (const row of stored.parked.values()) {
    if (row.state !== "discarded" && row.key === of.key && (row.key !== null || row.offset === of.offset)) return row;
  }
  return of;
}
