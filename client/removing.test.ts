import { afterAll, beforeAll, expect, test } from "vitest";
import { createClient } from "./create-client.ts";
import { startTestServer, type TestServer } from "./testing/real-server.ts";

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

let server: TestServer;
let other: string;
beforeAll(async () => {
  server = await startTestServer();
  other = await server.startAnother();
});
afterAll(() => server?.stop());

async function ask(method: string, path: string, { body, secret }: { body?: unknown; secret?: string } = {}) {
  const response = await fetch(`${server.url}/v1${path}`, {
    method,
    headers: { authorization: `Bearer ${secret ?? server.apiKey}`, "content-type": "application/json" },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: await response.json() } as Answer;
}

/** Previews it and removes it. Returns its id in the bin. */
async function remove(path: string): Promise<string> {
  const preview = await ask("DELETE", `${path}?dryRun=true`);
  expect(preview).toMatchObject({ status: 200, body: { removed: null } });
  const done = await ask("DELETE", `${path}?token=${preview.body.token}&reason=retired`);
  expect(done.status).toBe(200);
  return (done.body.removed as { id: string }).id;
}

test("followers at every instance end with topic-removed, and do not come back", async () => {
  const here = createClient(server);
  const there = createClient({ url: other, apiKey: server.apiKey });
  await here.declareTopic("news");
  await here.publish("news", [{ type: "a" }]);
  const caughtUp: Promise<void>[] = [];
  const ends = [here, there].map((client) => {
    let onCaughtUp = (): void => {};
    caughtUp.push(new Promise((resolve) => (onCaughtUp = resolve)));
    return (async () => {
      for await (const { offset } of client.follow("news", { onCaughtUp })) expect(offset).toBe(1);
    })();
  });
  const over = Promise.all(ends.map((end) => expect(end).rejects.toMatchObject({ code: "topic-removed" })));
  await Promise.all(caughtUp);
  expect((await ask("DELETE", "/topics/news?dryRun=true")).body.holds).toMatchObject({ followers: 1, events: 1 });
  const id = await remove("/topics/news");
  await over;
  // Publishing and following say where it is; so does every instance.
  for (const client of [here, there]) {
    await expect(client.publish("news", { type: "a" })).rejects.toMatchObject({
      code: "topic-not-found",
      problem: { bin: { id } },
    });
    await expect(client.follow("news").next()).rejects.toMatchObject({ code: "topic-not-found" });
  }
  expect(await ask("GET", "/topics/news/events")).toMatchObject({ status: 404, body: { bin: { id } } });
  expect(await ask("POST", `/bin/${id}/restore`, { body: { reason: "needed" } })).toMatchObject({
    status: 200,
    body: { kind: "topic", name: "news" },
  });
  expect(await there.publish("news", { type: "b" })).toMatchObject([{ offset: 2 }]);
});

test("members at every instance end with consumer-removed", async () => {
  const clients = [createClient(server), createClient({ url: other, apiKey: server.apiKey })];
  await clients[0]?.declareTopic("orders");
  await clients[0]?.declareConsumer("billing", { topics: [{ topic: "orders" }] });
  const assigned: Promise<void>[] = [];
  const members = clients.map((client, i) => {
    let onAssignment = (): void => {};
    assigned.push(new Promise((resolve) => (onAssignment = resolve)));
    return client.consume("billing", () => undefined, { member: `m${i}`, onAssignment });
  });
  const over = Promise.all(members.map((it) => expect(it).rejects.toMatchObject({ code: "consumer-removed" })));
  await Promise.all(assigned);
  await remove("/consumers/billing");
  await over;
  expect(await ask("GET", "/consumers/billing")).toMatchObject({ status: 404, body: { bin: {} } });
});

test("a key removes and restores what it may operate, and sees of the bin what it may read", async () => {
  await ask("PUT", "/topics/secret-plans", { body: {} });
  await ask("PUT", "/topics/open-plans", { body: {} });
  await ask("PUT", "/consumers/planner", { body: { topics: [{ topic: "open-plans" }, { topic: "secret-plans" }] } });
  const secret = await server.keyFor([
    { action: "operate", pattern: "open-*" },
    { action: "read", pattern: "open-*" },
  ]);
  expect((await ask("DELETE", "/topics/secret-plans?dryRun=true", { secret })).status).toBe(403);
  const preview = await ask("DELETE", "/topics/open-plans?dryRun=true", { secret });
  expect(preview.body.holds).toMatchObject({ consumers: [], unnamed: 1 });
  expect(await ask("DELETE", "/topics/open-plans?reason=x", { secret })).toMatchObject({
    status: 400,
    body: { errors: [{ field: "token" }] },
  });
  const path = `/topics/open-plans?token=${preview.body.token}&reason=x`;
  const removed = await ask("DELETE", path, { secret });
  const hidden = await remove("/topics/secret-plans");
  const bin = (await ask("GET", "/bin", { secret })).body.entries as { name: string; holds: object }[];
  expect(bin.map((it) => it.name)).toEqual(["open-plans"]);
  expect(bin[0]?.holds).toMatchObject({ consumers: [], unnamed: 1 });
  expect((await ask("POST", `/bin/${hidden}/restore`, { body: { reason: "x" }, secret })).status).toBe(404);
  expect((await ask("PUT", "/bin", { body: { binDays: 3, reason: "x" }, secret })).status).toBe(403);
  // The name is given to another topic: a restore names the clash.
  await ask("PUT", "/topics/open-plans", { body: {} });
  const { id } = removed.body.removed as { id: string };
  const restore = (as?: string) =>
    ask("POST", `/bin/${id}/restore`, { body: { reason: "x", ...(as !== undefined && { as }) }, secret });
  expect(await restore()).toMatchObject({ status: 409, body: { code: "name-taken" } });
  expect((await restore("hidden-plans")).status).toBe(403);
  expect(await restore("open-plans-old")).toMatchObject({ status: 200, body: { name: "open-plans-old" } });
});

test("how long the bin keeps things is a setting", async () => {
  expect(await ask("PUT", "/bin", { body: { binDays: 3, reason: "short of disk" } })).toMatchObject({
    status: 200,
    body: { binDays: 3 },
  });
  await ask("PUT", "/topics/short-lived", { body: {} });
  expect((await ask("DELETE", "/topics/short-lived?dryRun=true")).body.binDays).toBe(3);
});
