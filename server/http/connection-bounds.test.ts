import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { afterEach, expect, it } from "vitest";
import { boundConnections, type ConnectionBoundsOptions } from "./connection-bounds.ts";

const MIB = 1024 * 1024;
let server: Server;
let clients: Socket[] = [];

afterEach(async () => {
  for (const client of clients) client.destroy();
  clients = [];
  await new Promise((resolve) => server.close(resolve));
});

async function listen(
  answer: (req: IncomingMessage, res: ServerResponse) => void,
  options: ConnectionBoundsOptions,
): Promise<void> {
  server = createServer((req, res) => void (bounds.admit(res) && answer(req, res)));
  const bounds = boundConnections(server, { sweepMs: 10, ...options });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
}

/** Sends requests and reads nothing until it is told to. */
async function ask(text: string): Promise<{ socket: Socket; closed: Promise<void> }> {
  const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
  clients.push(socket);
  socket.on("error", () => undefined);
  const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  await new Promise((resolve) => socket.once("connect", resolve));
  socket.write(text);
  return { socket, closed };
}

const GET = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
const connectionCount = () =>
  new Promise<number>((resolve, reject) =>
    server.getConnections((error, count) => (error ? reject(error) : resolve(count))),
  );

it("cuts off an answer of which nothing is taken, and none that is read slowly", async () => {
  const size = 48 * MIB;
  await listen((_req, res) => void res.end(Buffer.alloc(size)), { unreadMs: 1_500 });
  const unread = await ask(GET);
  const slow = await ask(GET);
  let taken = 0;
  let isHurried = false;
  slow.socket.on("data", (chunk) => {
    taken += chunk.length;
    if (isHurried) return;
    slow.socket.pause();
    setTimeout(() => slow.socket.resume(), 5);
  });
  // One of the two is gone: the other may hurry now.
  await expect.poll(connectionCount, { timeout: 15_000 }).toBe(1);
  isHurried = true;
  await expect.poll(() => taken, { timeout: 10_000 }).toBeGreaterThan(size);
  unread.socket.resume();
  await unread.closed;
}, 30_000);

it("leaves a long question alone, and the next on its connection", async () => {
  await listen((_req, res) => void setTimeout(() => res.end("late"), 250), { unreadMs: 50 });
  const { socket } = await ask(GET);
  let said = "";
  socket.on("data", (chunk: Buffer) => {
    said += chunk.toString();
  });
  await expect.poll(() => said).toContain("late");
  said = "";
  socket.write(GET);
  await expect.poll(() => said).toContain("late");
});

it("holds a bounded number of bytes for those who do not read, the longest first", async () => {
  await listen((_req, res) => void res.end(Buffer.alloc(16 * MIB)), { unreadMs: 60_000, maxUnreadBytes: 40 * MIB });
  const first = await ask(GET);
  await expect.poll(connectionCount).toBe(1);
  for (const _ of [1, 2, 3]) await ask(GET);
  await expect.poll(connectionCount, { timeout: 5_000 }).toBe(2);
  first.socket.resume();
  await first.closed;
});

it("cuts off a pipeline that asks for hundreds of answers at once, and serves a short one", async () => {
  let asked = 0;
  await listen((_req, res) => {
    asked += 1;
    setTimeout(() => res.end("x"), 20);
  }, {});
  const greedy = await ask(GET.repeat(500));
  greedy.socket.resume();
  await greedy.closed;
  expect(asked).toBeLessThanOrEqual(40);
  const modest = await ask(GET.repeat(10));
  let answers = 0;
  modest.socket.on("data", (chunk: Buffer) => {
    answers += chunk.toString().split("HTTP/1.1 200").length - 1;
  });
  await expect.poll(() => answers).toBe(10);
});

it("refuses connections beyond the bound, and says how many", async () => {
  const counts: number[] = [];
  await listen((_req, res) => void res.end("x"), { maxConnections: 2, onRefused: (count) => counts.push(count) });
  await ask(GET);
  await ask(GET);
  const third = await ask(GET);
  third.socket.resume();
  await third.closed;
  await expect.poll(() => counts).toEqual([1]);
});
