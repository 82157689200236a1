import { isLosslessNumber, parse } from "lossless-json";
import { invalidInput, invalidInputOf } from "../contract/field-problems.ts";
import { LIMITS } from "../contract/limits.ts";
import { label } from "../contract/names.ts";
import { type Settlement, type StateChange, settlementRequest } from "../contract/settlements.ts";
import { type JsonSlice, sliceMemberOfEachIn } from "../domain/json-slices.ts";
import { isObject } from "./is-object.ts";
import { parseJson } from "./read-body.ts";

/** Throws `malformed-json` and `invalid-input`. State values keep every digit: they are lossless numbers inside. */
export function parseSettlements(text: string): readonly Settlement[] {
  const body = parseJson(text);
  if (isPlainRequest(body)) return body.settlements;
  const parsed = settlementRequest.safeParse(body);
  if (!parsed.success) throw invalidInputOf(parsed.error);
  const states = sliceMemberOfEachIn(text, "settlements", "state");
  return parsed.data.settlements.map((settlement, index) => {
    const slice = states[index];
    if (settlement.state === undefined || slice === null || slice === undefined) return settlement;
    return { ...settlement, state: { ...settlement.state, ...losslessState(slice, `settlements[${index}].state`) } };
  });
}

/** The records from the text itself: zod's leave out a key called `__proto__`, and JSON.parse rounds numbers. */
function losslessState({ text, depth }: JsonSlice, field: string): StateChange {
  if (depth > LIMITS.maxJsonDepth) {
    throw invalidInput([{ field, message: `must not be nested deeper than ${LIMITS.maxJsonDepth} levels` }]);
  }
  const state = parse(text, undefined, { onDuplicateKey: ({ newValue }) => newValue });
  if (!isObject(state)) return {};
  return {
    set: recordOf(state.set, { field: `${field}.set`, read: (it) => it }),
    expect: recordOf(state.expect, { field: `${field}.expect`, read: Number }),
    increment: recordOf(state.increment, { field: `${field}.increment`, read: Number }),
  };
}

function recordOf<Value>(
  record: unknown,
  { field, read }: { readonly field: string; readonly read: (value: unknown) => Value },
): Record<string, Value> {
  if (!isObject(record) || isLosslessNumber(record)) return {};
  const entries = Object.entries(record);
  const faults = entries.flatMap(([key]) => {
    const checked = label.safeParse(key);
    return checked.success ? [] : [{ field: `${field}.${key}`, message: checked.error.issues[0]?.message ?? "" }];
  });
  if (faults.length > 0) throw invalidInput(faults);
  return Object.fromEntries(entries.map(([key, value]) => [key, read(value)]));
}

const KNOWN = new Set(["topic", "partition", "epoch", "offset", "outcome"]);

/**
 * The common case, acks without state, told apart by hand: at 20,000 settlements a second zod would take a third of a
 * core. Whatever is not plainly right goes to zod, which knows how to say what is wrong.
 */
function isPlainRequest(body: unknown): body is { settlements: Settlement[] } {
  if (!isObject(body) || Object.keys(body).length !== 1 || !Array.isArray(body.settlements)) return false;
  const { settlements } = body;
  return (
    settlements.length > 0 &&
    settlements.length <= LIMITS.maxSettlementsPerRequest &&
    settlements.every((it: unknown) => isPlainSettlement(it))
  );
}

function isPlainSettlement(it: unknown): boolean {
  if (!isObject(it)) return false;
  for (const key in it) if (!KNOWN.has(key)) return false;
  return (
    // A name of any other shape is no topic of the consumer either; the service says so.
    typeof it.topic === "string" &&
    isCount(it.partition, 0, LIMITS.maxPartitions - 1) &&
    isCount(it.epoch, 0) &&
    isCount(it.offset, 1) &&
    (it.outcome === "ack" || it.outcome === "extend")
  );
}

function isCount(value: unknown, least: number, most = Number.MAX_SAFE_INTEGER): boolean {
  return Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most;
}
