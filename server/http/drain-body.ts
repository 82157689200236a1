import type { IncomingMessage } from "node:http";

const MAX_DRAIN_BYTES = 64 * 1024 * 1024;
const MAX_DRAIN_MS = 5_000;

/**
 * Reads and forgets what a refused client is still sending. Closing at once would reset the connection and take the
 * answer with it before it was read; a client that sends on past the bounds is cut off.
 */
export function drainBody(req: IncomingMessage): void {
  if (req.readableEnded || req.destroyed) return;
  let bytes = 0;
  const cutOff = (): void => {
    req.socket.destroy();
  };
  const timer = setTimeout(cutOff, MAX_DRAIN_MS).unref();
  req.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > MAX_DRAIN_BYTES) cutOff();
  });
  req.once("close", () => clearTimeout(timer));
  req.on("error", () => {});
  req.resume();
}
