import { createServer, connect as dial, type Socket } from "node:net";

/** A pooler that hands out one of its server connections for each transaction, as PgBouncer does by transaction. */
export interface TransactionPooler {
  readonly url: string;
  close(): Promise<void>;
}

interface Server {
  readonly socket: Socket;
  /** Who has it until its transaction is over. */
  client: Socket | null;
}

export async function transactionPooler(databaseUrl: string, { size }: { size: number }): Promise<TransactionPooler> {
  const target = new URL(databaseUrl);
  /** The one that was free last comes first. */
  const servers: Server[] = [];
  const waiting: { readonly client: Socket; readonly bytes: Buffer }[] = [];
  const sockets = new Set<Socket>();

  function serve(): void {
    for (const [index, { client, bytes }] of [...waiting.entries()].reverse()) {
      const server = servers.find((it) => it.client === client) ?? servers.find((it) => it.client === null);
      if (server === undefined) continue;
      server.client = client;
      server.socket.write(bytes);
      waiting.splice(index, 1);
    }
  }

  /** `ReadyForQuery` is 'Z', a length of 5 and whether a transaction is open: 'I' for none. */
  function answer(server: Server, bytes: Buffer): void {
    server.client?.write(bytes);
    if (bytes.subarray(-6).toString("latin1") !== "Z\0\0\0\u0005I") return;
    server.client = null;
    servers.splice(servers.indexOf(server), 1);
    servers.unshift(server);
    serve();
  }

  const listener = createServer((client) => {
    // Signing in goes to PostgreSQL for each client, and the first of these connections become those of the pool.
    const own = dial(Number(target.port), target.hostname);
    for (const socket of [client, own]) {
      sockets.add(socket);
      socket.on("error", () => undefined);
      socket.on("close", () => sockets.delete(socket));
    }
    let isSignedIn = false;
    client.on("data", (bytes) => {
      if (!isSignedIn) own.write(bytes);
      else if (bytes[0] !== "X".charCodeAt(0)) {
        waiting.push({ client, bytes });
        serve();
      }
    });
    client.on("end", () => client.end());
    const server: Server = { socket: own, client: null };
    own.on("data", (bytes) => {
      if (isSignedIn) return answer(server, bytes);
      client.write(bytes);
      if (bytes.subarray(-6, -5).toString("latin1") !== "Z") return;
      isSignedIn = true;
      if (servers.length < size) servers.push(server);
    });
  });
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
  const address = listener.address();
  const url = new URL(databaseUrl);
  url.port = String(typeof address === "object" && address !== null ? address.port : 0);
  return {
    url: url.href,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => listener.close(resolve));
    },
  };
}
