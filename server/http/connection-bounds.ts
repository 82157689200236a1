import type { Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";

export interface ConnectionBoundsOptions {
  /** One more is closed at once. */
  readonly maxConnections?: number;
  /** An answer of which nothing is taken for so long is cut off. */
  readonly unreadMs?: number;
  /** Large answers that wait to be read, all connections together. */
  readonly maxUnreadBytes?: number;
  readonly sweepMs?: number;
  /** How many were closed since the last sweep because there were too many. */
  readonly onRefused?: (count: number) => void;
}

export interface ConnectionBounds {
  /** False: the connection asks for too much at once and was cut off. Asked before a request is answered. */
  admit(res: ServerResponse): boolean;
  /** Cuts off every connection, those too that the server has given away to an `upgrade` listener. */
  destroyAll(): void;
}

// Twice the streams that a process serves, so that requests find room beside them.
const MAX_CONNECTIONS = 20_000;
const UNREAD_MS = 60_000;
const MAX_UNREAD_BYTES = 256 * 1024 * 1024;
const SWEEP_MS = 1_000;
/** Frames of streams are shared by thousands, and stay below this; an answer above it holds memory of its own. */
const LARGE_BYTES = 1024 * 1024;
/** Requests sent ahead of their answers: each may ask for a page of 8 MiB, and Node begins them all at once. */
const MAX_PIPELINED = 32;

/**
 * What one process holds for its clients, bounded: connections, answers that wait to be read, requests in a pipeline.
 * The sockets are looked at now and then, so that a request that is read at once costs nothing here.
 */
export function boundConnections(server: Server, options: ConnectionBoundsOptions = {}): ConnectionBounds {
  const { unreadMs = UNREAD_MS, maxUnreadBytes = MAX_UNREAD_BYTES, onRefused } = options;
  const sockets = new Set<Socket>();
  const largeSince = new Map<Socket, number>();
  const pipelined = new WeakMap<Socket, number>();

  server.maxConnections = options.maxConnections ?? MAX_CONNECTIONS;
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.once("close", () => {
      sockets.delete(socket);
      largeSince.delete(socket);
    });
  });
  let refused = 0;
  server.on("drop", () => {
    refused += 1;
  });

  function sweep(): void {
    if (refused > 0) onRefused?.(refused);
    refused = 0;
    let bytes = 0;
    for (const socket of sockets) {
      const { writableLength } = socket;
      if (writableLength > LARGE_BYTES) {
        bytes += writableLength;
        if (!largeSince.has(socket)) largeSince.set(socket, performance.now());
      } else largeSince.delete(socket);
      // Node's timeout knows of progress inside one write, and of its own ends when the answer is read.
      if (writableLength > 0 && (socket.timeout ?? 0) === 0) socket.setTimeout(unreadMs);
    }
    // In the order of the map: who has been reading for the longest time goes first.
    for (const socket of largeSince.keys()) {
      if (bytes <= maxUnreadBytes) break;
      bytes -= socket.writableLength;
      socket.destroy();
    }
  }
  const timer = setInterval(sweep, options.sweepMs ?? SWEEP_MS).unref();
  server.once("close", () => clearInterval(timer));

  return {
    admit(res) {
      // A response without a socket waits behind an earlier one of its connection.
      if (res.socket !== null) return true;
      const { socket } = res.req;
      const count = (pipelined.get(socket) ?? 0) + 1;
      if (count > MAX_PIPELINED) {
        socket.destroy();
        return false;
      }
      pipelined.set(socket, count);
      const release = (): void => void pipelined.set(socket, (pipelined.get(socket) ?? 1) - 1);
      res.once("close", release);
      return true;
    },
    destroyAll() {
      for (const socket of sockets) socket.destroy();
    },
  };
}
