import { createServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { setImmediate as turn } from "node:timers/promises";
import { createChannel, createSession } from "better-sse";
import { serve } from "../harness/child.ts";
import { cloudEvent } from "../load/events.ts";

// At its best: the event is rendered once, and each session passes it on as it is. better-sse knows no back pressure,
// so it is helped: a burst, then a wait until the sockets took it; it is measured on its work, not on a growing heap.
const BURST = 50;

const channel = createChannel();
const sockets = new Set<Socket>();

export type BetterSse = typeof methods;
const methods = serve({
  listen: () =>
    new Promise<number>((resolve) => {
      const server = createServer(async (request, response) => {
        sockets.add(request.socket);
        request.socket.once("close", () => sockets.delete(request.socket));
        channel.register(await createSession(request, response, { keepAlive: null, serializer: String }));
      });
      server.listen(0, "127.0.0.1", 4_096, () => resolve((server.address() as AddressInfo).port));
    }),

  send: async ({ first, count }: { first: number; count: number }) => {
    const startedAt = Date.now();
    for (let offset = first; offset < first + count; offset++) {
      channel.broadcast(cloudEvent(offset), "message", { eventId: String(offset) });
      if ((offset - first) % BURST === BURST - 1) {
        while ([...sockets].some((socket) => socket.writableLength > 0)) await turn();
      }
    }
    return startedAt;
  },
});
