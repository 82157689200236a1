import { z } from "zod";
import { fieldProblems, invalidInput } from "../contract/field-problems.ts";
import { LIMITS } from "../contract/limits.ts";
import { label, offset, position, timestamp } from "../contract/names.ts";
import { type FieldProblem, invalidField } from "../domain/errors.ts";
import type { EventFilter } from "../domain/event-filter.ts";

const DIGITS = /^\d{1,16}$/;

/** Text of a query parameter that must be a whole number. */
const digits = (schema: z.ZodType<number, number>, rule: string) =>
  z.string().regex(DIGITS, rule).transform(Number).pipe(schema);

const after = digits(position, "must be a whole number, 0 or more");
const labels = (what: string) =>
  z.array(label).min(1).max(LIMITS.maxFilterValues, `must name at most ${LIMITS.maxFilterValues} ${what}`);

/** Given once: a list separated by commas. Given more than once: each is one type, commas and all. */
const types = z
  .array(z.string())
  .transform((all) => (all.length === 1 ? all.flatMap((it) => it.split(",")) : all))
  .pipe(labels("types"));

/** Each is one key; an event that has any of them passes. */
const keys = labels("keys");

/** A place by its name or by a time. */
const from = z.union([z.enum(["earliest", "latest"]), timestamp], 'must be "earliest", "latest" or an RFC 3339 time');

const pageQuery = z
  .strictObject({
    after: after.optional(),
    from: from.optional(),
    limit: digits(
      z.int().min(1, "must be 1 or more").max(LIMITS.maxPageEvents, `must be at most ${LIMITS.maxPageEvents}`),
      "must be a whole number, 1 or more",
    ).default(100),
    order: z.enum(["asc", "desc"], 'must be "asc" or "desc"').default("asc"),
    types: types.optional(),
    key: keys.optional(),
  })
  .refine((it) => it.after === undefined || it.from === undefined, {
    message: "give after or from, not both",
    path: ["from"],
  });

const followQuery = z
  .strictObject({
    after: after.optional(),
    from: from.optional(),
    types: types.optional(),
    key: keys.optional(),
  })
  .refine((it) => it.after === undefined || it.from === undefined, {
    message: "give after or from, not both",
    path: ["from"],
  });

export interface PageQuery {
  readonly after: number | undefined;
  readonly from: string | undefined;
  readonly limit: number;
  readonly order: "asc" | "desc";
  readonly filter: EventFilter;
}

/** Where a follower starts: behind an offset, at an end of the topic, or at a time. */
export type FollowPlace =
  | { readonly after: number }
  | { readonly from: "earliest" | "latest" }
  | { readonly time: string };

export interface FollowQuery {
  readonly place: FollowPlace;
  readonly filter: EventFilter;
}

/** The query of a page. Throws `invalid-input` with the parameter's name. */
export function readPageQuery(url: string): PageQuery {
  const { after, from, limit, order, types, key } = parse(pageQuery, url);
  return { after, from, limit, order, filter: filterOf(types, key) };
}

/**
 * The query of a stream. `Last-Event-ID` goes before what the address says, because a browser that reconnects sends it
 * beside the address it was first given. Without any place a follower starts at the live end (`latest`).
 */
export function readFollowQuery(url: string, lastEventId: string | undefined): FollowQuery {
  const { after, from, types, key } = parse(followQuery, url);
  const filter = filterOf(types, key);
  // A browser sends an empty one, or none, while it has seen no id.
  if (lastEventId !== undefined && lastEventId !== "")
    return { place: { after: readLastEventId(lastEventId) }, filter };
  if (after !== undefined) return { place: { after }, filter };
  if (from === undefined || from === "latest") return { place: { from: "latest" }, filter };
  return { place: from === "earliest" ? { from } : { time: from }, filter };
}

function readLastEventId(text: string): number {
  const value = Number(text);
  if (DIGITS.test(text) && Number.isSafeInteger(value)) return value;
  throw invalidField("Last-Event-ID", "must be an offset: a whole number, 0 or more");
}

/** Parameters that may be given more than once. */
const REPEATED = new Set(["types", "key"]);

/** The offset in a path. */
export function readOffset(text: string): number {
  const parsed = digits(offset, "must be a whole number, 1 or more").safeParse(text);
  if (!parsed.success) throw invalidField("offset", parsed.error.issues[0]?.message ?? "is not an offset");
  return parsed.data;
}

function filterOf(types: readonly string[] | undefined, keys: readonly string[] | undefined): EventFilter {
  return { ...(types === undefined ? {} : { types }), ...(keys === undefined ? {} : { keys }) };
}

function parse<Schema extends z.ZodType>(schema: Schema, url: string): z.infer<Schema> {
  const start = url.indexOf("?");
  const query = new URLSearchParams(start === -1 ? "" : url.slice(start + 1));
  const input: Record<string, unknown> = Object.create(null);
  const faults: FieldProblem[] = [];
  for (const name of new Set(query.keys())) {
    const values = query.getAll(name);
    if (!REPEATED.has(name) && values.length > 1) faults.push({ field: name, message: "must be given once" });
    input[name] = REPEATED.has(name) ? values : values[0];
  }
  const parsed = schema.safeParse({ ...input });
  if (!parsed.success) {
    const isOneKey = query.getAll("key").length === 1;
    const nameOf = (field: string) => (isOneKey && field === "key[0]" ? "key" : field);
    faults.push(...fieldProblems(parsed.error).map((it) => ({ ...it, field: nameOf(it.field) })));
  }
  if (!parsed.success || faults.length > 0) throw invalidInput(faults);
  return parsed.data;
}
