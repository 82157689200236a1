import { expect, test } from "vitest";
import { retentionExcess } from "./retention-excess.ts";

const kept = { events: 100, bytes: 5_000, oldestMs: 90_000 };

test("each bound says by how much it is passed, and only those that are", () => {
  expect(retentionExcess({ maxEvents: 60, maxBytes: 5_000, maxAgeMs: 60_000 }, kept)).toEqual({
    events: 40,
    bytes: null,
    ms: 30_000,
  });
  expect(retentionExcess({ maxBytes: 4_999 }, kept)).toEqual({ events: null, bytes: 1, ms: null });
});

test("within its bounds, without any, forced, or empty: there is none", () => {
  expect(retentionExcess({ maxEvents: 100, maxBytes: 5_000, maxAgeMs: 90_000 }, kept)).toBeNull();
  expect(retentionExcess({}, kept)).toBeNull();
  expect(retentionExcess(null, kept)).toBeNull();
  expect(retentionExcess({ maxEvents: 1, force: true }, kept)).toBeNull();
  expect(retentionExcess({ maxAgeMs: 1_000 }, { ...kept, events: 0 })).toBeNull();
});
