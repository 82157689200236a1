import fc from "fast-check";
import { expect, test } from "vitest";
import { fairShare, type LeaseView, planLeases } from "./lease-plan.ts";

test("shares use every partition and differ by at most one", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 256 }), fc.integer({ min: 1, max: 300 }), (partitions, members) => {
      const shares = Array.from({ length: members }, (_, i) => fairShare(partitions, members, i));
      expect(shares.reduce((sum, it) => sum + it, 0)).toBe(partitions);
      expect(Math.max(...shares) - Math.min(...shares)).toBeLessThanOrEqual(1);
    }),
  );
});

test("from any state of the leases the members' own plans lead to everybody's fair share, and then rest", () => {
  const holder = fc.option(fc.integer({ min: 0, max: 5 }));
  fc.assert(
    fc.property(fc.array(holder, { minLength: 1, maxLength: 20 }), fc.integer({ min: 1, max: 5 }), (holders, count) => {
      const members = Array.from({ length: count }, (_, i) => `m${i}`);
      // Leases of members that are gone run out sooner or later: here they have.
      let leases: LeaseView[] = holders.map((it, partition) => ({
        partition,
        member: it === null ? null : `m${it}`,
        isExpired: it !== null && it >= count,
      }));
      for (let round = 0; round < 4; round++) {
        for (const member of members) {
          const { claim, release } = planLeases({ leases, members, member });
          leases = leases.map((it) => {
            if (claim.includes(it.partition)) {
              expect(it.member === null || it.isExpired).toBe(true);
              return { ...it, member, isExpired: false };
            }
            return release.includes(it.partition) ? { ...it, member: null } : it;
          });
        }
      }
      members.forEach((member, index) => {
        expect(leases.filter((it) => it.member === member)).toHaveLength(fairShare(leases.length, count, index));
        expect(planLeases({ leases, members, member })).toEqual({ claim: [], release: [] });
      });
    }),
  );
});

test("a member that is not among the living plans nothing", () => {
  const leases = [{ partition: 0, member: null, isExpired: false }];
  expect(planLeases({ leases, members: [], member: "m1" })).toEqual({ claim: [], release: [] });
});
