import { expect, it } from "vitest";
import { createGate } from "./gate.ts";

it("lets no more through than its width, in order of arrival, and goes on after a failure", async () => {
  const gate = createGate(2);
  const started: number[] = [];
  const finish: ((fail: boolean) => void)[] = [];
  const work = (name: number) =>
    gate.run(() => {
      started.push(name);
      return new Promise<number>((resolve, reject) => {
        finish.push((fail) => (fail ? reject(new Error("failed")) : resolve(name)));
      });
    });
  const results = Promise.allSettled([0, 1, 2, 3].map(work));
  expect(started).toEqual([0, 1]);
  finish[1]?.(true);
  await expect.poll(() => started).toEqual([0, 1, 2]);
  finish[0]?.(false);
  await expect.poll(() => started).toEqual([0, 1, 2, 3]);
  for (const end of finish) end(false);
  expect((await results).map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled", "fulfilled"]);
});
