import { describe, expect, it } from "vitest";
import type { PositionPlan } from "../../server/contract/position-changes.ts";
import { planDifference } from "./plan-difference.ts";

const plan: PositionPlan = {
  id: "0190a000-0000-7000-8000-000000000000",
  token: "t",
  expiresAt: "2026-01-01T00:00:00.000Z",
  target: { to: "latest" },
  changes: [{ topic: "orders", from: 10, to: 20, rerun: 0, skip: 10, firstEvent: null, lastEvent: null }],
  parked: { action: "keep", counts: { dead: 1, retrying: 0, blocked: 2, discarded: 0 } },
  state: { action: "keep", entries: 4 },
  members: ["a", "b"],
  estimatedMs: null,
};
const [change] = plan.changes;

describe("the difference of two plans", () => {
  it("is nothing when both say the same", () => {
    expect(planDifference(plan, { ...plan, token: "another" })).toEqual([]);
  });

  it("names every number that is another, with both", () => {
    const now = {
      ...plan,
      changes: change === undefined ? [] : [{ ...change, to: 1_025, skip: 1_015 }],
      parked: { ...plan.parked, counts: { ...plan.parked.counts, dead: 2 } },
      members: ["b", "c"],
    };
    expect(planDifference(plan, now)).toEqual([
      "orders: position then 20 → 1,025",
      "orders: skipped 10 → 1,015",
      "parked events 3 → 4",
      "joined: c",
      "gone: a",
    ]);
  });
});
