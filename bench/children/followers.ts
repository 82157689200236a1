import { serve } from "../harness/child.ts";
import { Follower, frameCounter } from "../load/follower.ts";
import type { HttpTarget } from "../load/http-connection.ts";

const WAVE = 100;

let followers: Follower[] = [];
let arrived: Promise<unknown> = Promise.resolve();
let audited = frameCounter();

export type Followers = typeof methods;
const methods = serve({
  open: async ({
    target,
    path,
    count,
    readyMark,
  }: {
    target: HttpTarget;
    path: string;
    count: number;
    readyMark: string;
  }) => {
    followers = [];
    while (followers.length < count) {
      const wave = Math.min(WAVE, count - followers.length);
      followers.push(
        ...(await Promise.all(Array.from({ length: wave }, () => Follower.open(target, path, { readyMark })))),
      );
    }
  },

  /** Gets ready for frames that end with the one that holds `mark`. The first follower's frames are counted one by one. */
  arm: ({ mark, searchFrom }: { mark: string; searchFrom: number }) => {
    audited = frameCounter();
    const [first] = followers;
    if (first !== undefined) first.onChunk = audited.take;
    arrived = Promise.all(followers.map((follower) => follower.waitFor(mark, searchFrom)));
    arrived.catch(() => {});
  },

  /** When every follower has seen the mark: the time, and what the first of them received. */
  wait: async () => {
    await arrived;
    const doneAt = Date.now();
    return { doneAt, frames: audited.frames, bytes: followers[0]?.bytes ?? 0 };
  },

  close: () => {
    for (const follower of followers) follower.close();
    followers = [];
  },
});
