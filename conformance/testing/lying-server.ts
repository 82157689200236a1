import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface LyingServer {
  readonly url: string;
  close(): Promise<void>;
}

/** What a server without one of the promises would have understood of a request; null: it answers as if it had counted. */
export type Lie = (asked: { readonly method: string; readonly url: URL; readonly headers: Headers }) => URL | null;

/** A real server behind somebody who hears less than was said. */
export async function lyingServer(target: string, lie: Lie): Promise<LyingServer> {
  const server = createServer((req, res) => {
    const url = new URL(req.url ?? "/", target);
    const headers = new Headers(Object.entries(req.headers).map(([name, value]) => [name, String(value)]));
    const understood = lie({ method: req.method ?? "GET", url, headers });
    if (understood === null) {
      req.resume();
      res.writeHead(200, { "content-type": "application/json" }).end('{"settled":1}');
      return;
    }
    pass(req, res, { url: understood, headers });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function pass(req: IncomingMessage, res: ServerResponse, to: { readonly url: URL; readonly headers: Headers }): void {
  const passed = request(to.url, { method: req.method, headers: Object.fromEntries(to.headers) }, (answer) => {
    res.writeHead(answer.statusCode ?? 500, answer.headers);
    answer.pipe(res);
    answer.on("error", () => res.destroy());
  });
  req.pipe(passed);
  passed.on("error", () => res.destroy());
  res.on("close", () => passed.destroy());
}
