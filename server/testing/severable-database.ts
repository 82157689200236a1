import { createServer, connect as dial, type Socket } from "node:net";

/** A way to a database that a test can disturb as a failing network does. */
export interface SeverableDatabase {
  readonly url: string;
  /** Breaks every connection and refuses new ones. */
  sever(): Promise<void>;
  mend(): Promise<void>;
  /** Loses whatever is sent on the connections of this moment, for ever and without a word; new ones are fine. */
  lose(): void;
  /** Holds back what is sent, also on new connections, as while TCP repeats what does not arrive. */
  holdBack(): void;
  /** Delivers what was held back. */
  letGo(): void;
  close(): Promise<void>;
}

interface Link {
  readonly sockets: readonly [client: Socket, upstream: Socket];
  isLost: boolean;
}

export async function severableDatabase(databaseUrl: string): Promise<SeverableDatabase> {
  const target = new URL(databaseUrl);
  const links = new Set<Link>();
  let server = createServer();
  let port = 0;
  let isHeldBack = false;

  function join(client: Socket): void {
    const upstream = dial(Number(target.port), target.hostname);
    const link: Link = { sockets: [client, upstream], isLost: false };
    links.add(link);
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      if (isHeldBack) from.pause();
      from.on("data", (bytes) => {
        if (!link.isLost) to.write(bytes);
      });
      from.on("error", () => undefined);
      from.on("close", () => {
        links.delete(link);
        // A lost connection's other end hears of nothing, not of its end either.
        if (!link.isLost) to.destroy();
      });
    }
  }

  async function listen(): Promise<void> {
    server = createServer(join);
    await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
    const address = server.address();
    port = typeof address === "object" && address !== null ? address.port : 0;
  }

  async function sever(): Promise<void> {
    const closed = new Promise((resolve) => server.close(resolve));
    for (const { sockets } of lost.concat([...links])) for (const socket of sockets) socket.destroy();
    await closed;
  }

  const lost: Link[] = [];
  await listen();
  const url = new URL(databaseUrl);
  url.port = String(port);
  return {
    url: url.href,
    sever,
    mend: listen,
    lose() {
      for (const link of links) {
        link.isLost = true;
        lost.push(link);
      }
    },
    holdBack() {
      isHeldBack = true;
      for (const { sockets } of links) for (const socket of sockets) socket.pause();
    },
    letGo() {
      isHeldBack = false;
      for (const { sockets } of links) for (const socket of sockets) socket.resume();
    },
    close: sever,
  };
}
