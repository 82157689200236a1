import { createServer, connect as dial, type Socket } from "node:net";

/** A way to a database that a test can cut and mend, as a failing network does. */
export interface SeverableDatabase {
  readonly url: string;
  /** Breaks every connection and refuses new ones. */
  sever(): Promise<void>;
  mend(): Promise<void>;
  close(): Promise<void>;
}

export async function severableDatabase(databaseUrl: string): Promise<SeverableDatabase> {
  const target = new URL(databaseUrl);
  const sockets = new Set<Socket>();
  let server = createServer();
  let port = 0;

  async function listen(): Promise<void> {
    server = createServer((client) => {
      const upstream = dial(Number(target.port), target.hostname);
      for (const [from, to] of [
        [client, upstream],
        [upstream, client],
      ] as const) {
        sockets.add(from);
        from.pipe(to);
        from.on("error", () => to.destroy());
        from.on("close", () => {
          sockets.delete(from);
          to.destroy();
        });
      }
    });
    await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
    const address = server.address();
    port = typeof address === "object" && address !== null ? address.port : 0;
  }

  async function sever(): Promise<void> {
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of sockets) socket.destroy();
    await closed;
  }

  await listen();
  const url = new URL(databaseUrl);
  url.port = String(port);
  return { url: url.href, sever, mend: listen, close: sever };
}
