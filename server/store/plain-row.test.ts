import { expect, it } from "vitest";
import { plainRow } from "./plain-row.ts";

it("times become RFC 3339 and integers of 64 bits numbers, and all else stays as it is", () => {
  const json = { at: null, of: ["x", { n: 1 }] };
  const row = { at: new Date(Date.UTC(2026, 10, 20, 21)), head: 2n ** 53n - 1n, json, name: "n", none: null, is: true };
  expect(plainRow(row)).toEqual({ ...row, at: "2026-11-20T21:00:00.000Z", head: Number.MAX_SAFE_INTEGER });
  expect(plainRow(row).json).toBe(json);
});
