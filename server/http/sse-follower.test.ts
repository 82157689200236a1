import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { createParser, type EventSourceMessage } from "eventsource-parser";
import { afterEach, describe, expect, it } from "vitest";
import { DomainError } from "../domain/errors.ts";
import { SseConnections, type SseConnectionsOptions } from "./sse-connections.ts";
import { SseFollower } from "./sse-follower.ts";
import { FakeReader } from "./testing/fake-reader.ts";

interface Client {
  readonly socket: Socket;
  readonly seen: EventSourceMessage[];
  readonly comments: string[];
  readonly closed: Promise<unknown>;
}

interface Place {
  readonly connections: SseConnections;
  readonly errors: unknown[];
  connect(): Promise<Client>;
}

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

/** A server whose every request follows the reader. */
async function followed(
  reader: FakeReader,
  options: SseConnectionsOptions & { readonly signal?: AbortSignal; readonly retryMs?: number } = {},
): Promise<Place> {
  const connections = new SseConnections(options);
  const errors: unknown[] = [];
  const server: Server = createServer((_req, res) => {
    try {
      const connection = connections.open(res, { requestId: "r", signal: options.signal });
      new SseFollower(connection, reader, {
        after: 0,
        filter: {},
        chunkBytes: 64 * 1024,
        retryMs: options.retryMs ?? 10,
        onError: (error) => errors.push(error),
      });
    } catch (error) {
      res.writeHead(429).end((error as DomainError).code);
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  cleanups.push(() => {
    connections.close();
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return {
    connections,
    errors,
    async connect() {
      const socket = connect(port, "127.0.0.1");
      cleanups.push(() => socket.destroy());
      const seen: EventSourceMessage[] = [];
      const comments: string[] = [];
      const parser = createParser({ onEvent: (it) => seen.push(it), onComment: (it) => comments.push(it) });
      const closed = once(socket, "close");
      socket.on("error", () => {});
      socket.on("data", (bytes) => parser.feed(bytes.toString().replace(/^HTTP[\s\S]*?\r\n\r\n/, "")));
      // HTTP/1.0, whose answers have no chunks to be taken apart here; server/http/following.test.ts has both.
      socket.write("GET / HTTP/1.0\r\nhost: x\r\n\r\n");
      return { socket, seen, comments, closed };
    },
  };
}

const ids = (client: Client) => client.seen.filter((it) => it.event === undefined).map((it) => Number(it.id));
const upTo = (to: number) => Array.from({ length: to }, (_, index) => index + 1);

describe("a follower", () => {
  it("that stops reading holds up nobody, holds one chunk, and goes on without a gap", async () => {
    const reader = new FakeReader("x".repeat(10_000));
    const place = await followed(reader);
    const slow = await place.connect();
    const quick = await place.connect();
    await expect.poll(() => reader.listeners.size).toBe(2);
    slow.socket.pause();
    let appended = 0;
    // Far more than the socket buffers of both ends take.
    while (appended < 3_000) {
      appended += 100;
      reader.append(100);
      await expect.poll(() => ids(quick).length, { interval: 1 }).toBe(appended);
    }
    expect(ids(slow).length).toBeLessThan(appended);
    slow.socket.resume();
    await expect.poll(() => ids(slow).length).toBe(appended);
    expect(ids(slow)).toEqual(upTo(appended));
  });

  it("reads the past one chunk ahead and joins the live end without a gap or a duplicate", async () => {
    const reader = new FakeReader("x".repeat(1_000));
    reader.append(2_000);
    reader.ringBase = 2_000;
    // Events arrive during every read of the past, and the ring moves on with them.
    reader.beforeRead = async () => {
      reader.append(5);
      if (reader.reads < 30) reader.ringBase = reader.head - 5;
    };
    const place = await followed(reader);
    const client = await place.connect();
    await expect.poll(() => client.seen.some((it) => it.event === "caught-up")).toBe(true);
    reader.append(3);
    await expect.poll(() => ids(client).length).toBe(reader.head);
    expect(ids(client)).toEqual(upTo(reader.head));
    expect(client.seen.filter((it) => it.event === "caught-up")).toHaveLength(1);
  });

  it("stays connected while the database is away and goes on when it is back", async () => {
    const reader = new FakeReader();
    reader.append(10);
    reader.ringBase = 10;
    let failures = 3;
    reader.beforeRead = async () => {
      failures -= 1;
      if (failures >= 0) throw new DomainError("database-unavailable", "away");
    };
    const place = await followed(reader);
    const client = await place.connect();
    await expect.poll(() => ids(client)).toEqual(upTo(10));
    expect(place.errors).toEqual([]);
  });

  it("is told to come again when its read fails for another reason", async () => {
    const reader = new FakeReader();
    reader.append(10);
    reader.ringBase = 10;
    reader.beforeRead = () => Promise.reject(new Error("broken"));
    const place = await followed(reader);
    const client = await place.connect();
    await client.closed;
    expect(place.errors).toEqual([new Error("broken")]);
    await expect.poll(() => [reader.releases, reader.listeners.size]).toEqual([1, 0]);
  });

  it("is told of a gap that opened while it was behind", async () => {
    const reader = new FakeReader();
    reader.append(10);
    reader.firstAvailable = 8;
    const client = await (await followed(reader)).connect();
    await expect.poll(() => ids(client)).toEqual([8, 9, 10]);
    expect(client.seen[0]).toMatchObject({ event: "gap", data: '{"requested":1,"firstAvailable":8}' });
  });

  it("leaves nothing behind when it disconnects", async () => {
    const reader = new FakeReader();
    const end = new AbortController();
    const place = await followed(reader, { signal: end.signal });
    const clients = await Promise.all(Array.from({ length: 20 }, () => place.connect()));
    await expect.poll(() => [place.connections.count, reader.listeners.size]).toEqual([20, 20]);
    for (const client of clients) client.socket.destroy();
    await expect.poll(() => [place.connections.count, reader.listeners.size, reader.releases]).toEqual([0, 0, 20]);
  });
});

describe("a connection", () => {
  it("that takes nothing for too long is closed, while one that is merely quiet is kept", async () => {
    const reader = new FakeReader("x".repeat(100_000));
    const place = await followed(reader, { stuckMs: 1_500, heartbeatMs: 150 });
    const stuck = await place.connect();
    const quiet = await place.connect();
    await expect.poll(() => reader.listeners.size).toBe(2);
    stuck.socket.pause();
    reader.append(200);
    await expect.poll(() => place.connections.count, { timeout: 15_000 }).toBe(1);
    await expect.poll(() => ids(quiet), { timeout: 15_000 }).toEqual(upTo(200));
    const before = quiet.comments.length;
    await expect.poll(() => quiet.comments.length, { timeout: 15_000 }).toBeGreaterThan(before + 2);
    expect(place.connections.count).toBe(1);
  });

  it("is given a comment every so often, from one timer for all", async () => {
    const place = await followed(new FakeReader(), { heartbeatMs: 75 });
    const clients = await Promise.all(Array.from({ length: 30 }, () => place.connect()));
    await expect.poll(() => Math.min(...clients.map((it) => it.comments.length))).toBeGreaterThan(1);
  });

  it("beyond the bound is refused, and taken again when another has gone", async () => {
    const place = await followed(new FakeReader(), { maxStreams: 2 });
    const first = await place.connect();
    await place.connect();
    await expect.poll(() => place.connections.count).toBe(2);
    expect(() => place.connections.requireRoom()).toThrow(expect.objectContaining({ code: "too-many-streams" }));
    first.socket.destroy();
    await expect.poll(() => place.connections.count).toBe(1);
    expect(() => place.connections.requireRoom()).not.toThrow();
  });

  it("ends when its key does, at once when it had ended already", async () => {
    const end = new AbortController();
    const reader = new FakeReader();
    const place = await followed(reader, { signal: end.signal });
    const client = await place.connect();
    await expect.poll(() => place.connections.count).toBe(1);
    end.abort();
    await client.closed;
    const late = await place.connect();
    await late.closed;
    await expect.poll(() => [place.connections.count, reader.listeners.size]).toEqual([0, 0]);
  });

  it("ends with the server, after what was written has been sent", async () => {
    const reader = new FakeReader();
    const place = await followed(reader);
    const client = await place.connect();
    await expect.poll(() => reader.listeners.size).toBe(1);
    reader.append(3);
    place.connections.close();
    await client.closed;
    expect(ids(client)).toEqual([1, 2, 3]);
    expect(() => place.connections.requireRoom()).toThrow(expect.objectContaining({ code: "shutting-down" }));
  });
});
