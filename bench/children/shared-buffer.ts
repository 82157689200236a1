import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { serve } from "../harness/child.ts";
import { topicFrame } from "../load/events.ts";

// The ceiling of fan-out: frames rendered beforehand stand in shared buffers, and one process writes each buffer to
// every response, waiting for a socket only when it pushes back.
const followers = new Set<ServerResponse>();

export type SharedBuffer = typeof methods;
const methods = serve({
  listen: () =>
    new Promise<number>((resolve) => {
      const server = createServer((_, response) => {
        response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-cache" });
        response.write(": open\n\n");
        followers.add(response);
        response.on("close", () => followers.delete(response));
      });
      server.listen(0, "127.0.0.1", 4_096, () => resolve((server.address() as AddressInfo).port));
    }),

  send: ({ first, count, frameBytes, bufferBytes }: Sending) => {
    const buffers: Buffer[] = [];
    let text = "";
    for (let offset = first; offset < first + count; offset++) {
      text += topicFrame(offset, frameBytes);
      if (text.length >= bufferBytes || offset === first + count - 1) {
        buffers.push(Buffer.from(text));
        text = "";
      }
    }
    const startedAt = Date.now();
    for (const response of followers) {
      let next = 0;
      const write = () => {
        while (next < buffers.length) {
          if (!response.write(buffers[next++])) {
            response.once("drain", write);
            return;
          }
        }
      };
      // A turn of the loop for each follower's first write, so that all of them move together.
      setImmediate(write);
    }
    return startedAt;
  },
});

interface Sending {
  readonly first: number;
  readonly count: number;
  readonly frameBytes: number;
  readonly bufferBytes: number;
}
