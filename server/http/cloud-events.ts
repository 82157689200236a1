import { z } from "zod";
import { extensionName, extensionValue } from "../contract/events.ts";
import { fieldProblems, invalidInput } from "../contract/field-problems.ts";
import { LIMITS } from "../contract/limits.ts";
import { attributeText, eventTime, label } from "../contract/names.ts";
import { DomainError, type FieldProblem } from "../domain/errors.ts";
import { type JsonSlice, sliceMember, sliceMemberOfEach } from "../domain/json-slices.ts";
import type { NewEvent } from "../domain/new-event.ts";
import { isOwnAttribute, isReservedAttribute } from "./event-attributes.ts";
import { type EventLimits, requireFits } from "./event-limits.ts";
import { isObject } from "./is-object.ts";
import type { PublishRequest } from "./plain-events.ts";
import { parseJson } from "./read-body.ts";

const uriReference = attributeText.min(1, "must not be empty");

/** The attributes of CloudEvents 1.0, in structured and in binary mode. Extensions stand beside them. */
export const cloudEventAttributes = z.object({
  specversion: z.literal("1.0", 'must be "1.0"'),
  id: label,
  type: label,
  source: uriReference,
  partitionkey: label.optional(),
  time: eventTime.optional(),
  subject: uriReference.optional(),
  dataschema: uriReference.optional(),
  datacontenttype: attributeText.min(1).max(256).optional(),
});
export type CloudEventAttributes = z.infer<typeof cloudEventAttributes>;

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** `application/cloudevents+json`. Throws `malformed-json`, `invalid-input`, `payload-too-large`. */
export function parseCloudEvent(text: string, limits: EventLimits): PublishRequest {
  const body = parseJson(text);
  const data = isObject(body) ? sliceMember(text, "data") : null;
  return { events: [structuredEvent(body, { data, at: "" }, limits)], expect: null };
}

/** `application/cloudevents-batch+json`: an array, where `[3].type` names a field. */
export function parseCloudEventBatch(text: string, limits: EventLimits): PublishRequest {
  const body = parseJson(text);
  if (!Array.isArray(body)) throw invalidInput([{ field: "", message: "must be an array of events" }]);
  if (body.length === 0) throw invalidInput([{ field: "", message: "must hold at least one event" }]);
  if (body.length > LIMITS.maxEventsPerRequest) {
    throw invalidInput([{ field: "", message: `must hold at most ${LIMITS.maxEventsPerRequest} events` }]);
  }
  const slices = sliceMemberOfEach(text, "data");
  return {
    events: body.map((it, index) => structuredEvent(it, { data: slices[index] ?? null, at: `[${index}]` }, limits)),
    expect: null,
  };
}

function structuredEvent(
  body: unknown,
  { data, at }: { readonly data: JsonSlice | null; readonly at: string },
  limits: EventLimits,
): NewEvent {
  if (!isObject(body)) throw invalidInput([{ field: at, message: "must be an event" }]);
  // An attribute that is null is one that is not there (JSON event format 1.0, section 2.2). Data that is null is null.
  const present = Object.fromEntries(Object.entries(body).filter(([name, value]) => value !== null || name === "data"));
  const { data: _, data_base64: base64, ...attributes } = present;
  const faults: FieldProblem[] = [];
  if (base64 !== undefined) {
    if (Object.hasOwn(body, "data"))
      faults.push({ field: under(at, "data_base64"), message: "stands in place of data, not beside" });
    if (typeof base64 !== "string" || !BASE64.test(base64))
      faults.push({ field: under(at, "data_base64"), message: "must be base64" });
  }
  const bytes = typeof base64 === "string" ? Buffer.from(base64, "base64") : null;
  const event = eventOf(attributes, { text: data?.text ?? null, bytes }, { faults, nameOf: (it) => under(at, it) });
  requireFits({ event, dataDepth: data?.depth ?? 0, at }, limits);
  return event;
}

export interface EventData {
  readonly text: string | null;
  readonly bytes: Uint8Array | null;
}

/**
 * An event of its attributes, extensions among them. `topic`, `sequence` and `recordedtime` are refused: dropping them
 * in silence would lose what a producer meant by them. Whoever forwards an event he has read leaves these three out.
 */
export function eventOf(
  given: Readonly<Record<string, unknown>>,
  data: EventData,
  where: {
    /** Faults found so far, by their name in the request. */
    readonly faults: readonly FieldProblem[];
    /** The name of an attribute in the request. */
    readonly nameOf: (attribute: string) => string;
  },
): NewEvent {
  const parsed = cloudEventAttributes.safeParse(given);
  const faults: FieldProblem[] = parsed.success ? [] : fieldProblems(parsed.error);
  const extensions: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(given)) {
    if (isOwnAttribute(name)) faults.push({ field: name, message: "is written by Millrace; leave it out" });
    if (isReservedAttribute(name)) continue;
    const fault = extensionFault(name, value);
    if (fault !== null) faults.push({ field: name, message: fault });
    else extensions[name] = value;
  }
  const known = new Set(where.faults.map((it) => it.field));
  const named = faults.map((it) => ({ ...it, field: where.nameOf(it.field) })).filter((it) => !known.has(it.field));
  if (!parsed.success || where.faults.length + named.length > 0) throw invalidInput([...where.faults, ...named]);
  const { id, type, partitionkey, source, time, subject, datacontenttype, dataschema } = parsed.data;
  return {
    id,
    source,
    type,
    key: partitionkey ?? null,
    data: data.text,
    dataBytes: data.bytes,
    attributes: JSON.stringify({ source, time, subject, datacontenttype, dataschema, ...extensions }),
  };
}

function extensionFault(name: string, value: unknown): string | null {
  const parsedName = extensionName.safeParse(name);
  if (!parsedName.success)
    return `is not a known field; an extension's name ${parsedName.error.issues[0]?.message ?? ""}`;
  if (extensionValue.safeParse(value).success) return null;
  return "must be a text of up to 2048 characters without control characters or lone surrogates, a boolean or a 32-bit integer";
}

function under(at: string, field: string): string {
  if (at === "") return field;
  return field === "" ? at : `${at}.${field}`;
}

/** `415` with what would be taken. */
export function unsupportedMediaType(given: string | undefined): DomainError {
  const accepted = ["application/json", "application/cloudevents+json", "application/cloudevents-batch+json"];
  const what = given === undefined || given === "" ? "There is no Content-Type" : `Content-Type ${given} is not taken`;
  return new DomainError("unsupported-media-type", `${what}; send ${accepted.join(", ")}, or ce-* headers.`, {
    facts: { accepted },
  });
}
