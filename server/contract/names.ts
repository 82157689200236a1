import { z } from "zod";
import { LIMITS } from "./limits.ts";

const NAME = /^[a-z0-9][a-z0-9._-]{0,127}$/;
const NAME_RULE =
  "must be 1 to 128 characters: lower-case letters, digits, '.', '_' and '-', starting with a letter or digit";

// A lone surrogate cannot be stored as UTF-8, and a control character has no place in a name that people read.
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused here
const UNPRINTABLE = /[\u0000-\u001f\u007f]/;
const printable = (text: string): boolean => !UNPRINTABLE.test(text) && text.isWellFormed();

/** PostgreSQL's text can hold neither U+0000 nor a lone surrogate. Lines may break: people write this. */
const storable = (text: string): boolean => !text.includes("\u0000") && text.isWellFormed();

/** Free text that is kept as it was written. */
export const freeText = z.string().refine(storable, "must not hold U+0000 or lone surrogates");

export const topicName = z.string().regex(NAME, NAME_RULE);
export const consumerName = z.string().regex(NAME, NAME_RULE);

/** A text of 1 to 256 characters that a person can read: event keys, types and ids, member names, state keys. */
export const label = z
  .string()
  .min(1, "must not be empty")
  .max(256, "must be at most 256 characters")
  .refine(printable, "must not hold control characters or lone surrogates");

/** A member's name. `.` and `..` are none: no path can carry them, so nobody could say goodbye under them. */
export const memberName = label.refine((text) => text !== "." && text !== "..", 'must not be "." or ".."');

/** The value of an event's attribute; CloudEvents 1.0 allows no control characters in it. */
export const attributeText = z
  .string()
  .max(2048, "must be at most 2048 characters")
  .refine(printable, "must not hold control characters or lone surrogates");

/** 0 … 2^53−1: a position, or the offset to read after. */
export const position = z.int().min(0, "must be 0 or more");
/** 1 … 2^53−1: the place of an event in its topic. */
export const offset = z.int().min(1, "must be 1 or more");
export const partition = z
  .int()
  .min(0)
  .max(LIMITS.maxPartitions - 1);
export const epoch = z.int().min(0);

// A place in time has to be held by PostgreSQL, which knows no year 0 and no zone beyond ±15:59, and told again as RFC
// 3339, which has no year 10000: up to a day before it, no zone and no rounding of fractions leads there.
const [FIRST_TIME, LAST_TIME] = [Date.parse("0001-01-01T00:00:00Z"), Date.parse("9999-12-31T00:00:00Z")];
const WIDE_ZONE = /[+-](1[6-9]|2\d):\d\d$/;
const isTellable = (text: string): boolean =>
  !WIDE_ZONE.test(text) && Date.parse(text) >= FIRST_TIME && Date.parse(text) <= LAST_TIME;

// RFC 3339 lets `t` and `z` be small, and a leap second be second 60; neither zod nor Date.parse does.
const datetime = z.iso.datetime({ offset: true });
const LEAP_SECOND = /:60(?=[.Z+-])/;
const withoutLeap = (text: string): string => text.toUpperCase().replace(LEAP_SECOND, ":59");

/** The time of an event as its producer wrote it: RFC 3339 with a zone, kept letter for letter. */
export const eventTime = z
  .string()
  .refine((text) => datetime.safeParse(withoutLeap(text)).success, {
    error: "must be an RFC 3339 time with a zone",
    abort: true,
  })
  .refine((text) => isTellable(withoutLeap(text)), "must lie in the years 1 to 9999, in a zone within 15:59 of UTC")
  .meta({ format: "date-time" });

/** A place in time, RFC 3339 with a zone, such as `2026-11-20T21:00:00.000Z`; as Date.parse and PostgreSQL read it. */
export const timestamp = eventTime.overwrite((text) => {
  const upper = text.toUpperCase();
  if (!LEAP_SECOND.test(upper)) return upper;
  const [, start = "", fraction = "", zone = ""] = /^(.{17})60(\.\d+)?(.*)$/.exec(upper) ?? [];
  // The leap second counts as the first one of the next minute, as in PostgreSQL.
  return `${new Date(Date.parse(`${start}59${zone}`) + 1_000).toISOString().slice(0, 19)}${fraction}Z`;
});

/** Why an operator does something; kept in the audit. */
export const reason = freeText.trim().min(1, "must say why").max(1000);
