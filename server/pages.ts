import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import next from "next";

export interface Pages {
  readonly handle: (req: IncomingMessage, res: ServerResponse) => void;
  /** In development alone: the socket by which a page is told to reload. Absent, `Upgrade` headers are passed by. */
  readonly upgrade?: (req: IncomingMessage, socket: Duplex, head: Buffer) => void;
  close(): Promise<void>;
}

/** Next, for the pages alone: everything under /v1 and /api is answered before it. */
export async function preparePages(options: { root: string; isDevelopment: boolean }): Promise<Pages> {
  // Next listens for `upgrade` on the server it is given, or on ours at the first page. With such a listener Node hands
  // over every request that has an Upgrade header (Java's HttpClient sends one with each), and Next leaves those that
  // are not pages unanswered for ever. So Next is given a server that never listens.
  const standIn = createServer();
  const app = next({ dev: options.isDevelopment, dir: options.root, httpServer: standIn });
  await app.prepare();
  const handle = app.getRequestHandler();
  return {
    handle(req, res) {
      handle(req, res).catch(() => res.destroy());
    },
    ...(options.isDevelopment
      ? {
          upgrade: (req: IncomingMessage, socket: Duplex, head: Buffer) =>
            void standIn.emit("upgrade", req, socket, head),
        }
      : {}),
    close: () => app.close(),
  };
}
