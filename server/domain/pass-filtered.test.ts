import { expect, test } from "vitest";
import { OffsetRanges } from "./offset-ranges.ts";
import { type FreePartition, passFiltered } from "./pass-filtered.ts";

function free(partition: number, more: Partial<FreePartition> = {}): FreePartition {
  return { partition, position: 0, settled: new OffsetRanges(), closedAt: null, ...more };
}

const event = (offset: number) => ({ offset, key: null });
const lookedAt = { after: 0, through: 10, events: [event(4), event(7), event(9)] };

test("a partition goes to the first event that is its own and was not settled, or as far as was looked", () => {
  const of = { partitions: 3, prior: [], lookedAt };
  const settled = new OffsetRanges([[4, 4]]);
  expect(passFiltered([free(0), free(1), free(2)], of)).toEqual([
    { partition: 0, through: 8, isBlocked: true },
    { partition: 1, through: 3, isBlocked: true },
    { partition: 2, through: 10, isBlocked: false },
  ]);
  expect(passFiltered([free(1, { settled })], of)).toEqual([{ partition: 1, through: 6, isBlocked: true }]);
  expect(passFiltered([free(1, { position: 7 })], of)).toEqual([{ partition: 1, through: 10, isBlocked: false }]);
});

test("what an earlier layout had settled is passed", () => {
  const cursors = new Map([[0, { position: 5, settled: new OffsetRanges([[7, 7]]) }]]);
  const prior = [{ topicId: 1, layout: 1, partitions: 1, cursors, endsAt: 7 }];
  expect(passFiltered([free(0)], { partitions: 1, prior, lookedAt })).toEqual([
    { partition: 0, through: 8, isBlocked: true },
  ]);
});

test("nothing is passed from a parked event on that closes the partition, and nothing that was not looked at", () => {
  const of = { partitions: 1, prior: [], lookedAt: { after: 3, through: 10, events: [] } };
  expect(passFiltered([free(0, { position: 3, closedAt: 6 })], of)).toEqual([
    { partition: 0, through: 5, isBlocked: true },
  ]);
  expect(passFiltered([free(0, { position: 8, closedAt: 6 })], of)).toEqual([
    { partition: 0, through: 8, isBlocked: true },
  ]);
  expect(passFiltered([free(0, { position: 2 })], of)).toEqual([{ partition: 0, through: 2, isBlocked: false }]);
});
