import { createServer, connect as dial, type Socket } from "node:net";

/** Where the next COMMIT on its way to the database is cut. */
export type Cut = "before it arrives" | "before its answer";

/** A way to a database that cuts a connection around a COMMIT: its client never hears whether it took effect. */
export interface CommitCutter {
  readonly url: string;
  /** COMMITs that were cut, of either kind. */
  readonly cuts: Readonly<Record<Cut, number>>;
  close(): Promise<void>;
}

export interface CommitCutterOptions {
  /** Asked at each COMMIT: null leaves it alone. */
  readonly choose: () => Cut | null;
}

/** What a client sends for it: a simple query of that one word, or an append that is a transaction of its own. */
const COMMIT = Buffer.from("COMMIT\0");

export async function commitCutter(databaseUrl: string, { choose }: CommitCutterOptions): Promise<CommitCutter> {
  const target = new URL(databaseUrl);
  const sockets = new Set<Socket>();
  const cuts = { "before it arrives": 0, "before its answer": 0 };

  const server = createServer((client) => {
    const upstream = dial(Number(target.port), target.hostname);
    let isCutAtAnswer = false;
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("error", () => undefined);
      socket.on("close", () => {
        sockets.delete(socket);
        for (const other of [client, upstream]) other.destroy();
      });
    }
    client.on("data", (bytes) => {
      const cut = isCommit(bytes) ? choose() : null;
      if (cut !== null) cuts[cut] += 1;
      if (cut === "before it arrives") {
        client.destroy();
        upstream.destroy();
        return;
      }
      isCutAtAnswer ||= cut === "before its answer";
      upstream.write(bytes);
    });
    upstream.on("data", (bytes) => {
      // The answer to a COMMIT comes when it is on the disk: it has taken effect, and nobody hears of it.
      if (isCutAtAnswer) client.destroy();
      else client.write(bytes);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const url = new URL(databaseUrl);
  url.port = String(typeof address === "object" && address !== null ? address.port : 0);
  return {
    url: url.href,
    cuts,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

/** A `Q` message of the one word, or the statement that appends and commits in one round trip. */
function isCommit(bytes: Buffer): boolean {
  return bytes.includes(COMMIT) || bytes.includes("INSERT INTO event") || bytes.includes("append_events");
}
