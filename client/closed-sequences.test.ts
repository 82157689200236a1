import { expect, test } from "vitest";
import { ClosedSequences } from "./closed-sequences.ts";

const delivery = (offset: number, epoch = 1, partition = 0) => ({
  topic: "t",
  partition,
  offset,
  epoch,
  attempt: 1,
  replay: false,
  redelivered: false,
});
const notice = (offset: number, partition = 0) => ({ topic: "t", partition, offset, key: "a" });

test("after a failure what arrives is stale until the notice of that event, or of an earlier one", () => {
  for (const [offset, means] of [
    [5, "opened"],
    [3, "opened"],
    [7, "closed"],
  ] as const) {
    const sequences = new ClosedSequences();
    sequences.close("t/a", delivery(5), 100);
    expect(sequences.staleSince("t/a", delivery(6))).toBe(100);
    expect(sequences.onParked("t/a", notice(offset))).toBe(means);
    expect(sequences.staleSince("t/a", delivery(8))).toBe(means === "opened" ? null : 100);
  }
});

test("another sequence, another partition's notice and another lease have nothing to do with it", () => {
  const sequences = new ClosedSequences();
  sequences.close("t/a", delivery(5), 100);
  expect(sequences.staleSince("t/b", delivery(6))).toBeNull();
  expect(sequences.onParked("t/a", notice(5, 1))).toBe("open");
  expect(sequences.staleSince("t/a", delivery(6))).toBe(100);
  expect(sequences.staleSince("t/a", delivery(5, 2))).toBeNull();
  // The new lease has opened it.
  expect(sequences.staleSince("t/a", delivery(6))).toBeNull();
  sequences.close("t/a", delivery(5, 4, 0), 100);
  expect(sequences.staleSince("t/a", delivery(5, 4, 1))).toBeNull();
});
