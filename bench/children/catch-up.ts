import { serve } from "../harness/child.ts";
import { sequenceMark } from "../load/events.ts";
import { Follower, frameCounter } from "../load/follower.ts";
import type { HttpTarget } from "../load/http-connection.ts";

export type CatchUp = typeof methods;
const methods = serve({
  /** Follows a topic from its first event until `head` has arrived; answers frames per second. Every frame is counted. */
  run: async ({ target, path, head }: { target: HttpTarget; path: string; head: number }) => {
    const startedAt = performance.now();
    const counter = frameCounter();
    const follower = await Follower.open(target, `${path}?after=0`, {
      readyMark: sequenceMark(head),
      searchFrom: head * 256,
      onChunk: counter.take,
    });
    const framesPerSecond = (head * 1000) / (performance.now() - startedAt);
    follower.close();
    return { framesPerSecond, counted: counter.frames };
  },
});
