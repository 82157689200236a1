import { afterAll, beforeAll, expect, test } from "vitest";
import type { PositionChange, PositionPlan } from "../contract/position-changes.ts";
import { type TestDatabase, testDatabase } from "../testing/test-database.ts";
import { type TestInstance, testInstance } from "./testing/test-instance.ts";

const SECRET = "a-secret-of-my-own-0001";
let db: TestDatabase;
let here: TestInstance;

beforeAll(async () => {
  db = await testDatabase();
  here = await testInstance(db.database, { apiKey: SECRET });
  await put("/topics/orders", {});
  await put("/consumers/billing", { topics: [{ topic: "orders" }] });
});
afterAll(async () => {
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
const put = (path: string, body: unknown) => ask("PUT", path, { body });
const post = <Body>(path: string, body: unknown, secret?: string) =>
  ask<Body>("POST", path, { body, ...(secret !== undefined && { secret }) });

async function applied(): Promise<PositionChange> {
  const { body: plan } = await post<PositionPlan>("/consumers/billing/position-plans", {
    target: { to: "latest" },
    parked: "clear",
    state: "clear",
  });
  const { id: planId, token } = plan;
  const made = await post<PositionChange>("/consumers/billing/position-changes", { planId, token, reason: "r" });
  expect(made).toMatchObject({ status: 200, body: { parked: "clear", state: "clear", undoOf: null, undoneBy: null } });
  return made.body;
}

test("a change is undone, the list says so, and the refusal of a second undo names the newest", async () => {
  const made = await applied();
  const path = `/consumers/billing/position-changes/${made.id}/undo`;
  expect((await post(path, {})).status).toBe(400);
  const undone = await post<PositionChange>(path, { reason: "a mistake" });
  expect(undone).toMatchObject({ status: 200, body: { undoOf: made.id, reason: "a mistake" } });
  expect(await post(path, { reason: "again" })).toMatchObject({
    status: 409,
    body: { type: expect.stringContaining("already-undone"), newest: undone.body.id },
  });
  const listed = await ask<{ changes: PositionChange[] }>("GET", "/consumers/billing/position-changes");
  expect(listed.body.changes.map((it) => it.undoneBy)).toEqual([null, undone.body.id]);
  const nowhere = `/consumers/billing/position-changes/${crypto.randomUUID()}/undo`;
  expect(await post(nowhere, { reason: "r" })).toMatchObject({ status: 404 });
});

test("targets that cannot be meant are refused by field", async () => {
  const refused = async (target: unknown, field: string) =>
    expect(await post("/consumers/billing/position-plans", { target })).toMatchObject({
      status: 400,
      body: { errors: [{ field }] },
    });
  await refused({ to: "shift", by: 0 }, "target.by");
  await refused({ to: "before", topic: "orders", offset: 7 }, "target.offset");
  await refused({ to: "consumer", consumer: "nobody" }, "target.consumer");
});

test("a copy needs a name that is free, a source that is there, and a key that may read the source", async () => {
  const body = { topics: [{ topic: "orders" }], copyFrom: "billing" };
  expect(await put("/consumers/billing-next", body)).toMatchObject({ status: 201, body: { consumer: "billing-next" } });
  expect(await put("/consumers/billing-next", body)).toMatchObject({ status: 409 });
  expect(await put("/consumers/another", { ...body, copyFrom: "nobody" })).toMatchObject({ status: 404 });
  expect(await put("/consumers/another", { ...body, copyFrom: "another" })).toMatchObject({ status: 404 });
  expect(await ask("GET", "/consumers/another")).toMatchObject({ status: 404 });
  const { secret } = await here.services.createApiKey({
    name: "narrow",
    scopes: [
      { action: "operate", pattern: "narrow-*" },
      { action: "read", pattern: "orders" },
    ],
    actor: { name: "person:ada@example.org", requestId: "r" },
  });
  expect(await ask("PUT", "/consumers/narrow-1", { body, secret })).toMatchObject({ status: 403 });
  const { topics } = body;
  expect(await ask("PUT", "/consumers/narrow-1", { body: { topics }, secret })).toMatchObject({ status: 201 });
  const plan = { target: { to: "consumer", consumer: "billing" } };
  expect(await post("/consumers/narrow-1/position-plans", plan, secret)).toMatchObject({ status: 403 });
});
