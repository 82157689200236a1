import { describe, expect, test } from "vitest";
import { eventTime, freeText, reason, timestamp } from "./names.ts";

describe("free text", () => {
  test.each(["two\nlines", "café", "😀", "\t"])("%j is kept", (text) => {
    expect(freeText.parse(text)).toBe(text);
  });
  test.each(["a\u0000b", "a\ud800b", "\udc00"])("%j, which PostgreSQL's text cannot hold, is refused", (text) => {
    expect(freeText.safeParse(text).success).toBe(false);
    expect(reason.safeParse(text).success).toBe(false);
  });
});

describe("a time", () => {
  test.each([
    "0001-01-01T00:00:00Z",
    "2026-11-25T10:00:00.123456789+14:00",
    "2026-11-25T10:00:00-15:59",
    "9999-12-31T00:00:00Z",
  ])("%s is taken", (text) => {
    expect(timestamp.parse(text)).toBe(text);
  });
  test.each([
    ["2026-11-25t10:00:00z", "2026-11-25T10:00:00Z"],
    ["2026-11-25t10:00:00.5+01:00", "2026-11-25T10:00:00.5+01:00"],
    ["2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z"],
    ["2016-12-31t18:59:60.25-05:00", "2017-01-01T00:00:00.25Z"],
  ])("%s, which RFC 3339 allows, is %s; of an event it is kept as it was written", (text, place) => {
    expect(timestamp.parse(text)).toBe(place);
    expect(eventTime.parse(text)).toBe(text);
  });
  test.each([
    "2026-11-25T10:00:00",
    "2026-11-25T10:60:00Z",
    "2026-11-25T10:00:61Z",
    "2026-02-30T10:00:00Z",
    "0000-01-01T00:00:00Z",
    "2026-11-25T10:00:00+16:00",
    "2026-11-25T10:00:00-23:59",
    "9999-12-31T23:59:59.9999999999Z",
    "9999-12-31T12:00:00-15:00",
  ])("%s, which PostgreSQL cannot hold or nobody can be told again, is refused", (text) => {
    expect(timestamp.safeParse(text).success).toBe(false);
  });
});
