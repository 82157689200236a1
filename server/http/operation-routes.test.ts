import { afterAll, beforeAll, expect, test } from "vitest";
import type { Operation } from "../contract/operations.ts";
import type { ParkedGroup, ParkedPage, Sequence } from "../contract/parked.ts";
import { type OperationRunner, startOperationRunner } from "../engine/operations/runner.ts";
import { parkLetters } from "../engine/testing/letters.ts";
import { type TestDatabase, testDatabase } from "../testing/test-database.ts";
import { browser } from "./testing/browser.ts";
import { type TestInstance, testInstance } from "./testing/test-instance.ts";

const SECRET = "a-secret-of-my-own-0001";
const ADMIN = { email: "ada@example.org", password: "correct horse battery" };
const actor = { name: `person:${ADMIN.email}`, requestId: "r" };
const reason = "cured";
let db: TestDatabase;
let here: TestInstance;
let runner: OperationRunner;
/** May operate `billing`, and nothing else. */
let narrow: string;
/** May read `billing`, and no more. */
let reading: string;

beforeAll(async () => {
  db = await testDatabase();
  here = await testInstance(db.database, { apiKey: SECRET, admin: ADMIN });
  runner = startOperationRunner({
    database: db.database,
    wakeups: { announce: () => undefined, listen: () => () => undefined },
    instance: crypto.randomUUID(),
    onError: (error) => here.errors.push(error),
  });
  await ask("PUT", "/topics/orders", { body: {} });
  await ask("PUT", "/topics/others", { body: {} });
  const event = { id: null, source: "/", type: "odd", key: "k1", data: null, dataBytes: null, attributes: "{}" };
  await here.services.publishEvents({ topic: "orders", events: Array(6).fill(event), expect: null });
  const { rows } = await db.database.pool.query<{ id: number }>("SELECT id FROM topic WHERE name = 'orders'");
  for (const consumer of ["billing", "shipping"]) {
    await ask("PUT", `/consumers/${consumer}`, { body: { topics: [{ topic: "orders" }] } });
    await parkLetters(db.database, { consumer, topicId: rows[0]?.id ?? 0, count: 6, keys: 2 });
  }
  const key = async (action: "operate" | "read") => {
    // Letters are words about events: whoever looks at them may read the topic.
    const topic = { action: "read" as const, pattern: "orders" };
    const scopes = [{ action, pattern: "billing" }, topic];
    return (await here.services.createApiKey({ name: action, scopes, actor })).secret;
  };
  narrow = await key("operate");
  reading = await key("read");
});
afterAll(async () => {
  await runner.close();
  await here.close();
  await db.drop();
});

async function ask<Body>(method: string, path: string, { body, secret }: { body?: unknown; secret?: string } = {}) {
  const response = await fetch(`${here.url}/v1${path}`, {
    method,
    headers: { authorization: `Bearer ${secret ?? SECRET}`, "content-type": "application/json" },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as Body };
}
const get = <Body>(path: string, secret?: string) => ask<Body>("GET", path, secret === undefined ? {} : { secret });
const post = <Body>(path: string, body: unknown, secret?: string) =>
  ask<Body>("POST", path, { body, ...(secret !== undefined && { secret }) });
const refusal = (status: number, code: string, field?: string) => ({
  status,
  body: { code, ...(field !== undefined && { errors: [{ field }] }) },
});

test("what is parked is paged, filtered, grouped, counted and shown by sequence", async () => {
  const first = await get<ParkedPage>("/consumers/billing/parked?limit=4", reading);
  expect(first.body.events.map((it) => it.offset)).toEqual([1, 2, 3, 4]);
  const second = await get<ParkedPage>(`/consumers/billing/parked?limit=4&after=${first.body.next}`);
  expect(second.body).toMatchObject({ events: [{ offset: 5 }, { offset: 6 }], next: null });
  const dead = await get<ParkedPage>("/consumers/billing/parked?state=dead&key=k1&topic=orders&fingerprint=f");
  expect(dead.body.events).toMatchObject([{ offset: 1, attempt: 1, error: { name: "Boom" } }]);
  const groups = await get<{ groups: ParkedGroup[] }>("/consumers/billing/parked/groups");
  expect(groups.body.groups).toMatchObject([{ fingerprint: "f", count: 2, sequencesBlocked: 2, eventsBehind: 4 }]);
  const sequence = await get<Sequence>("/consumers/billing/sequences/orders/k%31");
  expect(await get<Sequence>("/consumers/billing/sequences/orders?key=k1")).toEqual(sequence);
  expect(sequence.body).toMatchObject({ key: "k1", head: { offset: 1 }, followerCount: 2 });
  expect((await get("/consumers/billing/parked/facets?state=dead")).body).toMatchObject({ redrivable: 2 });
  expect((await get("/consumers/billing/parked/facets?state=discarded")).body).toMatchObject({ redrivable: 0 });

  expect(await get("/consumers/billing/parked?after=x")).toMatchObject(refusal(400, "invalid-input", "after"));
  expect(await get("/consumers/billing/parked?topic=others")).toMatchObject(refusal(400, "invalid-input", "topic"));
  expect(await get("/consumers/nobody/parked")).toMatchObject(refusal(404, "consumer-not-found"));
  expect(await get("/consumers/shipping/parked", reading)).toMatchObject({ status: 403 });
});

test("an empty filter is refused by every verb, and so are filters that cannot be meant", async () => {
  for (const verb of ["redrives", "discards", "restores"]) {
    const path = `/consumers/billing/${verb}`;
    expect(await post(path, { filter: {}, reason })).toMatchObject(refusal(400, "invalid-input", "filter"));
    expect(await post(path, { reason })).toMatchObject(refusal(400, "invalid-input", "filter"));
    expect(await post(path, { filter: { all: true } })).toMatchObject({
      status: 400,
      body: { detail: "reason: is required" },
    });
    expect(await post(path, { filter: { offset: 1 }, reason })).toMatchObject(
      refusal(400, "invalid-input", "filter.offset"),
    );
    expect(await post(path, { filter: { topic: "others" }, reason })).toMatchObject(
      refusal(400, "invalid-input", "filter.topic"),
    );
    expect(await post(path, { filter: { all: true }, reason }, reading)).toMatchObject({ status: 403 });
  }
  for (const [verb, state] of [
    ["redrives", "discarded"],
    ["discards", "discarded"],
    ["restores", "dead"],
  ]) {
    expect(await post(`/consumers/billing/${verb}`, { filter: { state }, reason })).toMatchObject(
      refusal(400, "invalid-input", "filter.state"),
    );
  }
  const refused = async (body: object, field: string) =>
    expect(await post("/consumers/billing/replays", { topic: "orders", reason, ...body })).toMatchObject(
      refusal(400, "invalid-input", field),
    );
  await refused({ topic: "others" }, "topic");
  await refused({ toOffset: 7 }, "toOffset");
  await refused({ fromOffset: 7 }, "fromOffset");
  await refused({ fromOffset: 5, toOffset: 2 }, "toOffset");
  await refused({ fromTime: "2026-01-02T00:00:00Z", toTime: "2026-01-01T00:00:00Z" }, "toTime");
  await refused({ fromOffset: 1, fromTime: "2026-01-01T00:00:00Z" }, "fromTime");
  await refused({ rate: 0 }, "rate");
  expect((await get<{ operations: Operation[] }>("/operations")).body.operations).toEqual([]);
});

test("text and times that the database cannot hold are refused by field, before anything is written", async () => {
  const refused = async (path: string, body: object, field: string) =>
    expect(await post(`/consumers/shipping/${path}`, body)).toMatchObject(refusal(400, "invalid-input", field));
  const far = "9999-12-31T23:59:59.9999999999Z";
  await refused("redrives", { filter: { all: true }, reason: "a\u0000b" }, "reason");
  await refused("discards", { filter: { fingerprint: "\u0000" }, reason }, "filter.fingerprint");
  await refused("pause", { reason: "\ud800" }, "reason");
  await refused("pause", { reason, until: far }, "until");
  await refused("replays", { topic: "orders", fromTime: "0000-01-01T00:00:00Z", reason }, "fromTime");
  await refused("position-plans", { target: { to: "time", time: "2026-11-25T10:00:00+23:59" } }, "target.time");
  expect(await get("/consumers/shipping/parked?fingerprint=%00")).toMatchObject(
    refusal(400, "invalid-input", "fingerprint"),
  );
  expect(await get("/consumers/shipping")).toMatchObject({ status: 200, body: { pause: null } });
});

test("an operation is started, followed, steered, and over when it is over", async () => {
  const started = await post<Operation>(
    "/consumers/billing/redrives",
    { filter: { all: true }, rate: 1, canary: true, stopAfterFailures: 3, reason },
    narrow,
  );
  expect(started).toMatchObject({
    status: 202,
    body: { consumer: "billing", kind: "redrive", total: 2, rate: 1, canary: true, stopAfterFailures: 3, reason },
  });
  const path = `/operations/${started.body.id}`;
  await expect
    .poll(async () => (await get<Operation>(path)).body, { timeout: 10_000 })
    .toMatchObject({
      status: "running",
      done: 1,
      startedAt: expect.any(String),
    });
  expect(await ask("PATCH", path, { body: { rate: 50 }, secret: narrow })).toMatchObject({
    status: 200,
    body: { rate: 50, canary: true },
  });
  expect(await ask("PATCH", path, { body: { rate: null } })).toMatchObject({ status: 200, body: { rate: null } });
  expect(await ask("PATCH", path, { body: {} })).toMatchObject(refusal(400, "invalid-input", "rate"));
  expect(await ask("PATCH", path, { body: { rate: 5 }, secret: reading })).toMatchObject({ status: 403 });
  expect(await post(`${path}/pause`, {}, reading)).toMatchObject({ status: 403 });
  expect(await post(`${path}/pause`, {})).toMatchObject({ status: 200, body: { status: "paused" } });
  expect(await post(`${path}/pause`, {})).toMatchObject(refusal(409, "operation-over"));
  expect((await get<{ operations: Operation[] }>("/operations?open=true")).body.operations).toHaveLength(1);
  expect((await post(`${path}/resume`, {})).status).toBe(200);
  expect(await post(`${path}/abort`, {})).toMatchObject({ status: 200, body: { status: "aborted" } });
  expect(await ask("PATCH", path, { body: { rate: 5 } })).toMatchObject(refusal(409, "operation-over"));
  expect(await post(`${path}/abort`, {})).toMatchObject({ body: { operationStatus: "aborted" } });
  expect((await get<{ operations: Operation[] }>("/operations?open=true")).body.operations).toEqual([]);
  expect(await get(`/operations/${crypto.randomUUID()}`)).toMatchObject(refusal(404, "operation-not-found"));
});

test("discards and restores answer 202 and are carried out; each leaves its audit row", async () => {
  const settled = async ({ body }: { body: Operation }) =>
    expect
      .poll(async () => (await get<Operation>(`/operations/${body.id}`)).body, { timeout: 10_000 })
      .toMatchObject({ status: "done", total: 6, done: 6, ok: 6 });
  const discard = await post<Operation>("/consumers/shipping/discards", {
    filter: { topic: "orders" },
    reason: "void",
  });
  expect(discard.status).toBe(202);
  await settled(discard);
  const restore = await post<Operation>("/consumers/shipping/restores", { filter: { all: true }, reason });
  expect(restore.status).toBe(202);
  await settled(restore);
  const replay = await post<Operation>("/consumers/shipping/replays", {
    topic: "orders",
    toOffset: 6,
    rate: 9,
    reason,
  });
  expect(replay).toMatchObject({ status: 202, body: { kind: "replay", rate: 9, filter: { topic: "orders" } } });
  const { entries } = await here.services.listAudit({ may: () => true, limit: 100 });
  expect(entries.map(({ action, target, reason: why }) => [action, target, why])).toEqual(
    expect.arrayContaining([
      ["consumer.discard-started", "consumer:shipping", "void"],
      ["consumer.restore-started", "consumer:shipping", reason],
      ["consumer.redrive-started", "consumer:billing", reason],
      ["operation.rate-changed", "consumer:billing", null],
      ["operation.paused", "consumer:billing", null],
      ["operation.resumed", "consumer:billing", null],
      ["operation.aborted", "consumer:billing", null],
    ]),
  );
});

test("a key sees the operations of its own consumers only", async () => {
  const all = await get<{ operations: Operation[] }>("/operations");
  expect(new Set(all.body.operations.map((it) => it.consumer))).toEqual(new Set(["billing", "shipping"]));
  const own = await get<{ operations: Operation[] }>("/operations", reading);
  expect(new Set(own.body.operations.map((it) => it.consumer))).toEqual(new Set(["billing"]));
  // The newest of all is shipping's: what is not the key's takes no place in its page.
  expect(all.body.operations[0]?.consumer).toBe("shipping");
  const page = await get<{ operations: Operation[] }>("/operations?limit=1", reading);
  expect(page.body.operations).toEqual(own.body.operations.slice(0, 1));
  expect((await get("/operations?consumer=shipping", reading)).body).toEqual({ operations: [] });
  const { operations } = (await get<{ operations: Operation[] }>("/operations?consumer=shipping&limit=1")).body;
  expect(operations).toMatchObject([{ consumer: "shipping", kind: "replay" }]);
  // A refusal would name the consumer.
  expect(await get(`/operations/${operations[0]?.id}`, reading)).toMatchObject(refusal(404, "operation-not-found"));
});

test("a page asks for the groups of all consumers at once", async () => {
  const tab = browser(here.url);
  await tab.signIn(ADMIN.email, ADMIN.password);
  const { groups } = await tab.trpc.parked.allGroups.query();
  expect(groups.map((it) => it.consumer).sort()).toEqual(["billing", "shipping"]);
});
