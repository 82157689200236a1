import { expectation, type PlainEvent, plainEvent, publishBatch } from "../contract/events.ts";
import { invalidInput, invalidInputOf } from "../contract/field-problems.ts";
import type { FieldProblem } from "../domain/errors.ts";
import { type JsonSlice, sliceMember, sliceMemberOfEachIn } from "../domain/json-slices.ts";
import type { NewEvent } from "../domain/new-event.ts";
import { isReservedAttribute } from "./event-attributes.ts";
import { type EventLimits, requireFits } from "./event-limits.ts";
import { isObject } from "./is-object.ts";
import { parseJson } from "./read-body.ts";

/** A publish as it was asked for. */
export interface PublishRequest {
  readonly events: readonly NewEvent[];
  /** Per key: offset of the key's last event, 0 for none. */
  readonly expect: ReadonlyMap<string, number> | null;
}

/** `application/json`: one event, or `{events, expect?}`. Throws `malformed-json`, `invalid-input`, `payload-too-large`. */
export function parsePlainEvents(text: string, limits: EventLimits): PublishRequest {
  const body = parseJson(text);
  if (isObject(body) && Object.hasOwn(body, "events")) return parseBatch(text, body, limits);
  const parsed = plainEvent.safeParse(body);
  if (!parsed.success) throw invalidInputOf(parsed.error);
  const data = Object.hasOwn(body as object, "data") ? sliceMember(text, "data") : null;
  requireFreeNames((body as PlainEvent).extensions, "");
  const event = newEvent(parsed.data, data);
  requireFits({ event, dataDepth: data?.depth ?? 0, at: "" }, limits);
  return { events: [event], expect: null };
}

function parseBatch(text: string, body: object, limits: EventLimits): PublishRequest {
  const parsed = publishBatch.safeParse(body);
  if (!parsed.success) throw invalidInputOf(parsed.error);
  const slices = sliceMemberOfEachIn(text, "events", "data");
  const events = parsed.data.events.map((plain, index) => {
    const data = slices[index] ?? null;
    const at = `events[${index}]`;
    requireFreeNames((body as { events: PlainEvent[] }).events[index]?.extensions, `${at}.`);
    const event = newEvent(plain, data);
    requireFits({ event, dataDepth: data?.depth ?? 0, at }, limits);
    return event;
  });
  return { events, expect: expectOf(body as { expect?: Record<string, unknown> }) };
}

/** Read from the body itself: zod's records leave out a key called `__proto__`, and with it what it was to guard. */
function expectOf(body: { readonly expect?: Record<string, unknown> }): ReadonlyMap<string, number> | null {
  if (body.expect === undefined) return null;
  const entries = Object.entries(body.expect);
  for (const [key, value] of entries) {
    const parsed = expectation.valueType.safeParse(value);
    if (!parsed.success) throw invalidInputOf(parsed.error, ["expect", key]);
  }
  return new Map(entries as [string, number][]);
}

const DEFAULT_SOURCE = "/";
const DEFAULT_ATTRIBUTES = JSON.stringify({ source: DEFAULT_SOURCE });

function newEvent(plain: PlainEvent, data: JsonSlice | null): NewEvent {
  return {
    id: plain.id ?? null,
    source: plain.source ?? DEFAULT_SOURCE,
    type: plain.type,
    key: plain.key ?? null,
    data: data?.text ?? null,
    dataBytes: null,
    attributes: attributesOf(plain),
  };
}

function attributesOf(plain: PlainEvent): string {
  const { source, time, subject, dataschema, extensions } = plain;
  if ((source ?? time ?? subject ?? dataschema ?? extensions) === undefined) return DEFAULT_ATTRIBUTES;
  return JSON.stringify({ source: source ?? DEFAULT_SOURCE, time, subject, dataschema, ...extensions });
}

/** `extensions` is the body's own: zod's records leave out `__proto__` without a word. */
function requireFreeNames(extensions: object | undefined, at: string): void {
  if (extensions === undefined) return;
  const faults: FieldProblem[] = Object.keys(extensions)
    .filter((name) => name === "__proto__" || isReservedAttribute(name))
    .map((name) => ({ field: `${at}extensions.${name}`, message: "is not the name of an extension" }));
  if (faults.length > 0) throw invalidInput(faults);
}
