import { createServer, connect as dial, type Socket } from "node:net";

export interface RoundRobinProxy {
  readonly url: string;
  close(): Promise<void>;
}

/** A balancer as simple as they come: each connection goes to the next instance, or to the one after that if it is down. */
export async function roundRobinProxy(ports: readonly number[]): Promise<RoundRobinProxy> {
  const sockets = new Set<Socket>();
  let turn = 0;

  function join(client: Socket): void {
    sockets.add(client);
    client.on("error", () => undefined);
    client.on("close", () => sockets.delete(client));
    tryNext(client, ports.length);
  }

  function tryNext(client: Socket, left: number): void {
    const port = ports[turn++ % ports.length];
    if (left === 0 || port === undefined || client.destroyed) {
      client.destroy();
      return;
    }
    const upstream = dial(port, "127.0.0.1");
    const refused = () => tryNext(client, left - 1);
    upstream.once("error", refused);
    upstream.once("connect", () => {
      sockets.add(upstream);
      upstream.off("error", refused);
      upstream.on("error", () => client.destroy());
      upstream.on("close", () => {
        sockets.delete(upstream);
        client.destroy();
      });
      client.on("close", () => upstream.destroy());
      if (client.destroyed) upstream.destroy();
      client.pipe(upstream).pipe(client);
    });
  }

  const server = createServer(join);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
