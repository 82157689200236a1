import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { coalesced } from "./coalesced.ts";

/** Work whose turns end when the test says so. */
function steered() {
  const ends: { resolve: () => void; reject: (error: Error) => void }[] = [];
  const work = coalesced(
    () =>
      new Promise<void>((resolve, reject) => {
        ends.push({ resolve, reject });
      }),
  );
  return { ...work, turns: () => ends.length, end: (turn: number) => ends[turn]?.resolve(), ends };
}

describe("coalesced", () => {
  it("runs at once, one turn at a time, and once more however often it was asked meanwhile", async () => {
    const it = steered();
    const first = it.run();
    const meanwhile = [it.run(), it.run(), it.run()];
    expect(it.turns()).toBe(1);
    it.end(0);
    await first;
    await expect.poll(it.turns).toBe(2);
    it.end(1);
    await Promise.all(meanwhile);
    await it.whenIdle();
    expect(it.turns()).toBe(2);
  });

  it("tells a failure to those whose turn it was, and runs the next turn all the same", async () => {
    const it = steered();
    const first = it.run();
    const second = it.run();
    it.ends[0]?.reject(new Error("first"));
    await expect(first).rejects.toThrow("first");
    await expect.poll(it.turns).toBe(2);
    it.end(1);
    await expect(second).resolves.toBeUndefined();
  });

  it("is idle when nothing was asked for, and after what was asked for last", async () => {
    const it = steered();
    await it.whenIdle();
    const done = [it.run(), it.run()];
    let isIdle = false;
    const idle = it.whenIdle().then(() => {
      isIdle = true;
    });
    it.end(0);
    await done[0];
    await expect.poll(it.turns).toBe(2);
    expect(isIdle).toBe(false);
    it.end(1);
    await Promise.all([idle, ...done]);
  });

  it("every call is answered by a turn that began after it", async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.integer({ min: 1, max: 12 }), async (scheduler, calls) => {
        let begun = 0;
        let running = 0;
        const work = coalesced(async () => {
          const turn = ++begun;
          expect(++running).toBe(1);
          await scheduler.schedule(Promise.resolve(), `turn ${turn}`);
          ended = turn;
          running -= 1;
        });
        let ended = 0;
        const answers = Array.from({ length: calls }, async (_, call) => {
          await scheduler.schedule(Promise.resolve(), `call ${call}`);
          const before = begun;
          await work.run();
          expect(ended).toBeGreaterThan(before);
        });
        await scheduler.waitFor(Promise.all(answers));
        await work.whenIdle();
        expect(running).toBe(0);
      }),
      { seed: 7, numRuns: 200 },
    );
  });
});
