import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { type Client, createClient } from "../client/create-client.ts";
import { startTestServer, type TestServer } from "../client/testing/real-server.ts";

const CUSTOMERS = 12;
const PROGRAMS = [
  { language: "TypeScript", command: ["node", "--import", "tsx"], file: "points.ts", needs: ["node"] },
  { language: "Python", command: ["python3"], file: "points.py", needs: ["python3"] },
  { language: "bash", command: ["bash"], file: "points.sh", needs: ["bash", "curl", "jq"] },
];

let server: TestServer;
let client: Client;
const running: ChildProcess[] = [];
beforeAll(async () => {
  server = await startTestServer();
  client = createClient(server);
});
afterEach(() => {
  for (const child of running.splice(0)) child.kill("SIGKILL");
});
afterAll(() => server?.stop());

const missing = (needs: readonly string[]) =>
  needs.filter((it) => spawnSync(it, ["--version"], { stdio: "ignore" }).status !== 0);

function start({ command: [program = "", ...args], file }: (typeof PROGRAMS)[number], consumer: string): void {
  const child = spawn(program, [...args, join(import.meta.dirname, file), consumer], {
    env: { ...process.env, MILLRACE_URL: server.url, MILLRACE_API_KEY: server.apiKey },
    stdio: ["ignore", "ignore", "inherit"],
  });
  running.push(child);
}

/** As a supervisor ends a service: each says goodbye and ends well. */
async function stopAll(): Promise<void> {
  for (const child of running.splice(0)) {
    const ended = once(child, "exit");
    child.kill("SIGTERM");
    expect((await ended)[0]).toBe(0);
  }
}

/** How many members have something to do. */
async function working(consumer: string): Promise<number> {
  const answer = await fetch(`${server.url}/v1/consumers/${consumer}`, {
    headers: { authorization: `Bearer ${server.apiKey}` },
  });
  const { members } = (await answer.json()) as { members: { partitions: number[] }[] };
  return members.filter(({ partitions }) => partitions.length > 0).length;
}

/** 60 orders, and one without an amount. Returns what they are worth to each customer. */
async function publishOrders(): Promise<Map<string, number>> {
  const points = new Map<string, number>();
  const orders = Array.from({ length: 60 }, (_, i) => {
    const key = `customer-${i % CUSTOMERS}`;
    const cents = 150 * (i + 1);
    points.set(`points/${key}`, (points.get(`points/${key}`) ?? 0) + Math.floor(cents / 100));
    return { type: "order.paid", key, data: { cents } };
  });
  await client.publish("orders", [...orders, { type: "order.paid", key: "nobody", data: {} }]);
  return points;
}

/** What the component has kept once everything is settled, but for the order without an amount. */
async function keptPoints(consumer: string, dead: number): Promise<Map<string, number>> {
  const open = async () => {
    const { topics, parked } = await client.describeConsumer(consumer);
    return { lag: topics[0]?.lag, dead: parked.dead, retrying: parked.retrying };
  };
  await expect.poll(open, { timeout: 30_000 }).toEqual({ lag: 0, dead, retrying: 0 });
  const points = new Map<string, number>();
  for await (const { key, value } of client.state(consumer).list<number>("points/")) points.set(key, value);
  return points;
}

test.for(PROGRAMS)("the component in $language counts every order once", { timeout: 60_000 }, async (it, context) => {
  const absent = missing(it.needs);
  if (absent.length > 0) return context.skip(`needs ${absent.join(", ")}`);
  const consumer = `alone-${it.language.toLowerCase()}`;
  await client.declareTopic("orders");
  await client.declareConsumer(consumer, { topics: [{ topic: "orders", start: "latest" }] });
  start(it, consumer);
  await expect.poll(() => working(consumer), { timeout: 30_000 }).toBe(1);
  const points = await publishOrders();
  expect(await keptPoints(consumer, 1)).toEqual(points);
  await stopAll();
  expect(await working(consumer)).toBe(0);
});

test("the component in three languages at once is one component", { timeout: 60_000 }, async (context) => {
  const absent = missing(PROGRAMS.flatMap((it) => it.needs));
  if (absent.length > 0) return context.skip(`needs ${absent.join(", ")}`);
  await client.declareTopic("orders");
  await client.declareConsumer("loyalty", { topics: [{ topic: "orders", start: "latest" }], partitions: 4 });
  for (const program of PROGRAMS) start(program, "loyalty");
  await expect.poll(() => working("loyalty"), { timeout: 30_000 }).toBe(2);
  const points = await publishOrders();
  expect(await keptPoints("loyalty", 1)).toEqual(points);
  await stopAll();
});
