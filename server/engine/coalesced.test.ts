import { expect, it } from "vitest";
import { coalesced } from "./coalesced.ts";

it("runs once more, however often it was asked for during a run, and never twice at a time", async () => {
  let runs = 0;
  let atOnce = 0;
  let most = 0;
  const run = coalesced(async () => {
    runs += 1;
    atOnce += 1;
    most = Math.max(most, atOnce);
    await new Promise((resolve) => setImmediate(resolve));
    atOnce -= 1;
  });
  const first = run();
  await Promise.all([first, run(), run()]);
  expect(runs).toBe(2);
  await run();
  expect({ runs, most }).toEqual({ runs: 3, most: 1 });
});
