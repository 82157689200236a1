import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type AccessScope, type Action, administers, allows, type Target, widerThan } from "./access.ts";

const ACTIONS = ["publish", "read", "consume", "operate", "administer"] as const satisfies readonly Action[];
const names = fc.string({ unit: fc.constantFrom("a", "b", "."), minLength: 1, maxLength: 4 });
const scopes = fc.array(
  fc.record(
    {
      action: fc.constantFrom(...ACTIONS),
      pattern: fc.oneof(
        names,
        names.map((it) => `${it}*`),
        fc.constant("*"),
      ),
      on: fc.constantFrom("topics" as const, "consumers" as const),
    },
    { requiredKeys: ["action", "pattern"] },
  ),
  { maxLength: 4 },
);
const targets: fc.Arbitrary<Target> = fc.oneof(
  names.map((topic) => ({ topic })),
  names.map((consumer) => ({ consumer })),
  fc.constant("installation" as const),
);

describe("what a scope allows", () => {
  const cases: readonly [AccessScope, Target, boolean][] = [
    [{ action: "read", pattern: "pay" }, { topic: "pay" }, true],
    [{ action: "read", pattern: "pay" }, { topic: "pay.eu" }, false],
    [{ action: "read", pattern: "pay*" }, { topic: "pay" }, true],
    [{ action: "read", pattern: "pay.*" }, { topic: "payroll" }, false],
    [{ action: "read", pattern: "pay*", on: "topics" }, { topic: "payroll" }, true],
    [{ action: "read", pattern: "pay*", on: "topics" }, { consumer: "payroll" }, false],
    [{ action: "read", pattern: "pay*", on: "consumers" }, { consumer: "payroll" }, true],
    [{ action: "read", pattern: "*", on: "consumers" }, { topic: "payroll" }, false],
    [{ action: "read", pattern: "*" }, "installation", true],
    [{ action: "read", pattern: "*", on: "topics" }, "installation", false],
    [{ action: "read", pattern: "installation" }, "installation", false],
    [{ action: "administer", pattern: "*" }, { topic: "pay" }, false],
  ];
  test.each(cases)("%o to %o: %s", (scope, target, isAllowed) => {
    expect(allows([scope], "read", target)).toBe(isAllowed);
  });
});

test("who has no scope may do nothing", () => {
  fc.assert(
    fc.property(targets, fc.constantFrom(...ACTIONS), (target, action) => !allows([], action, target)),
    { seed: 18 },
  );
});

test("what is given away allows nothing that the giver may not do", () => {
  fc.assert(
    fc.property(scopes, scopes, targets, (giver, wanted, target) => {
      fc.pre(widerThan(giver, wanted) === null);
      for (const action of ACTIONS) {
        if (allows(wanted, action, target)) expect(allows(giver, action, target)).toBe(true);
      }
    }),
    { seed: 18, numRuns: 500 },
  );
});

test("everybody may give away what he has, and a part of it", () => {
  fc.assert(
    fc.property(scopes, (own) => widerThan(own, own) === null && widerThan(own, own.slice(1)) === null),
    { seed: 18 },
  );
  const own: AccessScope[] = [{ action: "read", pattern: "pay*" }];
  expect(widerThan(own, [{ action: "read", pattern: "pay.eu", on: "topics" }])).toBeNull();
  expect(widerThan(own, [{ action: "read", pattern: "pa*" }])).toEqual({ action: "read", pattern: "pa*" });
  expect(
    widerThan([{ action: "read", pattern: "pay", on: "topics" }], [{ action: "read", pattern: "pay" }]),
  ).not.toBeNull();
});

test("whoever administers some names administers keys of these names alone", () => {
  const team: AccessScope[] = [{ action: "administer", pattern: "pay.*" }];
  expect(administers(team, [{ action: "publish", pattern: "pay.orders" }])).toBe(true);
  expect(
    administers(team, [
      { action: "publish", pattern: "pay.orders" },
      { action: "read", pattern: "hr.people" },
    ]),
  ).toBe(false);
  expect(administers([{ action: "read", pattern: "*" }], [{ action: "read", pattern: "a" }])).toBe(false);
});
