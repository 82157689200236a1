import { setMaxListeners } from "node:events";
import { afterAll, beforeAll, expect, test } from "vitest";
import { retentionStep } from "../engine/topics/retention.ts";
import { insertSamples } from "../store/insight/samples-insert.ts";
import { type RunningServer, runningServer } from "./testing/running-server.ts";

let server: RunningServer;
const json = { "content-type": "application/json" };
const get = async (path: string, init?: RequestInit) => {
  const response = await server.request(`/v1${path}`, init);
  return { status: response.status, body: await response.json() };
};
const put = (path: string, body: object) =>
  server.request(`/v1${path}`, { method: "PUT", headers: json, body: JSON.stringify(body) });

beforeAll(async () => {
  server = await runningServer();
  await server.declareTopic("orders");
  const events = Array.from({ length: 20 }, (_, i) => ({ type: i % 2 === 0 ? "paid" : "sent", key: `k${i % 3}` }));
  await server.publish("orders", JSON.stringify({ events }));
  await put("/consumers/billing", { topics: [{ topic: "orders", types: ["paid"] }], partitions: 3 });
});
afterAll(async () => {
  expect(server.errors).toEqual([]);
  await server.close();
});

test("the account of a consumer is read over REST, for all of its topics or one", async () => {
  const { status, body } = await get("/consumers/billing/account");
  expect(status).toBe(200);
  expect(body.accounts).toHaveLength(1);
  expect(body.accounts[0]).toMatchObject({ topic: "orders", head: 20, total: 20, pending: { count: 10 } });
  expect(body.accounts[0].filtered).toMatchObject({
    count: 10,
    ranges: expect.arrayContaining([
      [2, 2],
      [20, 20],
    ]),
  });
  expect((await get("/consumers/billing/account?topic=orders")).body).toEqual(body);
  expect(await get("/consumers/billing/account?topic=other")).toMatchObject({ status: 400 });
  expect(await get("/consumers/nobody/account")).toMatchObject({ status: 404 });
});

test("an event's fate is read by its address, and told of consumers that the key may read", async () => {
  const { body } = await get("/topics/orders/events/3/deliveries");
  expect(body).toMatchObject({ topic: "orders", offset: 3, fates: [{ consumer: "billing", fate: "pending" }] });
  expect(await get("/topics/orders/events/99/deliveries")).toMatchObject({ status: 404 });
  expect(await get("/topics/orders/events/first/deliveries")).toMatchObject({ status: 400 });
  const { secret } = await server.createKey([{ action: "read", pattern: "orders" }]);
  const headers = { authorization: `Bearer ${secret}` };
  expect((await get("/topics/orders/events/3/deliveries", { headers })).body.fates).toEqual([]);
  expect(await get("/consumers/billing/account", { headers })).toMatchObject({ status: 403 });
});

test("processed and wait are asked by topic and offset, within bounds", async () => {
  expect(await get("/consumers/billing/processed?topic=orders&offset=3")).toEqual({
    status: 200,
    body: { processed: false },
  });
  const waited = await get("/consumers/billing/positions/wait?topic=orders&offset=3&timeoutMs=50");
  expect(waited).toMatchObject({ status: 200, body: { processed: false, position: 0 } });
  expect(waited.body.waitedMs).toBeGreaterThanOrEqual(45);
  expect(await get("/consumers/billing/positions/wait?topic=orders&offset=3&timeoutMs=60001")).toMatchObject({
    status: 400,
  });
});

test("waits of callers that are gone make room at once", async () => {
  const callers = new AbortController();
  setMaxListeners(0, callers.signal);
  const path = "/consumers/billing/positions/wait?topic=orders&offset=3&timeoutMs=60000";
  const waits = Array.from({ length: 260 }, () => get(path, { signal: callers.signal }).catch(() => null));
  // Those beyond the bound are answered at once, so all others wait by then.
  const refused = await Promise.any(waits.map(async (it) => (await it) ?? Promise.reject(new Error("gone"))));
  expect(refused).toMatchObject({ status: 429, body: { type: expect.stringMatching(/queue-full$/) } });
  callers.abort();
  await Promise.all(waits);
  await expect.poll(() => get(path.replace("60000", "1")).then((it) => it.status)).toBe(200);
});

test("histories are read over REST", async () => {
  const { pool } = server.database.database;
  // The server samples by itself, and may have done so before there was anything.
  await pool.query("TRUNCATE consumer_sample, topic_sample");
  await insertSamples(pool);
  const { body } = await get("/topics/orders/history?hours=1");
  expect(body.points.at(-1)).toMatchObject({ head: 20 });
  expect((await get("/consumers/billing/history")).body.points.at(-1)).toMatchObject({ topic: "orders", lag: 20 });
  expect(await get("/consumers/billing/history?hours=721")).toMatchObject({ status: 400 });
});

test("retention is declared, described and cleared", async () => {
  const declare = async (body: object) => (await put("/topics/orders", body)).json();
  const none = { maxAgeMs: null, maxEvents: null, maxBytes: null, force: false };
  expect((await declare({ retention: { maxEvents: 15 } })).retention).toEqual({ ...none, maxEvents: 15 });
  // What is not named stays.
  expect((await declare({ description: "orders" })).retention).toEqual({ ...none, maxEvents: 15 });
  expect((await declare({ retention: null })).retention).toBeNull();
});

test("what retention takes of any kind of data, it takes off the topic's bytes", async () => {
  await server.declareTopic("mixed");
  await server.publish("mixed", JSON.stringify({ type: "json", data: { text: "ü€😀", number: 1.1 } }));
  await server.publish("mixed", new Uint8Array([0, 255, 1]), {
    "content-type": "application/octet-stream",
    "ce-specversion": "1.0",
    "ce-id": "1",
    "ce-type": "bytes",
    "ce-source": "/test",
  });
  await server.publish("mixed", JSON.stringify({ type: "none" }));
  const topic = async () => (await get("/topics/mixed")).body;
  expect(await topic()).toMatchObject({ head: 3, tail: 1 });
  expect((await topic()).bytes).toBeGreaterThan(20);
  await put("/topics/mixed", { retention: { maxAgeMs: 1_000 } });
  const { pool } = server.database.database;
  const { rows } = await pool.query("SELECT id FROM topic WHERE name = 'mixed'");
  await expect
    .poll(
      async () => {
        await retentionStep(pool, rows[0].id);
        return topic();
      },
      { timeout: 5_000 },
    )
    .toMatchObject({ head: 3, tail: 4, bytes: 0, firstRecordedAt: null });
});
