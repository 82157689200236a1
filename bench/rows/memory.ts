import type { Followers } from "../children/followers.ts";
import type { Row } from "../harness/bench.ts";
import { startChild } from "../harness/child.ts";
import { type Figure, measured, verdict } from "../harness/figure.ts";
import { type Millrace, residentKb } from "../harness/millrace.ts";

const TOPIC = "bench-idle";
/** Enough followers that the heap's growth in steps does not decide the figure. */
const IDLE = 4_000;
const WARM_UP = 500;
const SETTLE_MS = 5_000;

export const memory: Row = {
  name: "memory",
  async run({ millrace, startAnother, isQuick }) {
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
    const whole = await residentKb(millrace.pid);
    if (whole === null) return [];
    await millrace.request("PUT", `/v1/topics/${TOPIC}`, {});
    const fresh = await startAnother();
    try {
      const perFollower = await idleFollowerKb(fresh, isQuick ? 1_000 : IDLE);
      return [figure(millrace, whole, { perFollower, count: isQuick ? 1_000 : IDLE })];
    } finally {
      await fresh.stop();
    }
  },
};

async function idleFollowerKb(millrace: Millrace, count: number): Promise<number> {
  const followers = startChild<Followers>("followers");
  const path = `/v1/topics/${TOPIC}/events?from=latest`;
  const open = (many: number) =>
    followers.call("open", { target: millrace.target, path, count: many, readyMark: "caught-up" });
  try {
    // What the first followers bring in for good (code, pools, one reader) is not a follower's own.
    await open(WARM_UP);
    await followers.call("close", undefined);
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
    const before = await residentKb(millrace.pid);
    await open(count);
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
    const after = await residentKb(millrace.pid);
    if (before === null || after === null) throw new Error("resident memory cannot be read here");
    return (after.now - before.now) / count;
  } finally {
    await followers.stop();
  }
}

function figure(
  millrace: Millrace,
  whole: { now: number; peak: number },
  { perFollower, count }: { perFollower: number; count: number },
): Figure {
  const residentMb = [whole.now / 1000];
  return {
    row: "memory",
    work: "memory",
    measured: [
      measured("resident after all rows before", "MB", residentMb),
      measured("the most it was", "MB", [whole.peak / 1000]),
      measured("per idle follower", "kB", [perFollower]),
    ],
    verdicts: [
      verdict("resident after the above", "MB", residentMb, { relation: "≤", must: 350 }),
      verdict("per idle follower", "kB", [perFollower], { relation: "≤", must: 15 }),
    ],
    notes: [
      `The server process that served every row before, ${millrace.hasPages ? "its pages loaded" : "without pages"}, 5 s after the last.`,
      `Per follower: what resident memory grew by for ${count} idle followers of one topic, in a fresh process that had ` +
        `served and lost ${WARM_UP} before.`,
    ],
  };
}
