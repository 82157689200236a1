import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Identity } from "../auth/identity.ts";
import type { Scope } from "../contract/api-keys.ts";
import { createReadingGuard } from "./reading-guard.ts";
import { framesOf, type RunningServer, runningServer } from "./testing/running-server.ts";

let server: RunningServer;
/** Keys of a team whose consumers are `hr.*`, and whose topics are `hr.*` alone. */
let spy: string;
/** The same with leave to read the other team's topic. */
let friend: string;

const everything = (pattern: string): Scope[] =>
  (["read", "consume", "operate", "publish"] as const).map((action) => ({ action, pattern }));

async function ask(method: string, path: string, options: { body?: unknown; secret?: string; accept?: string } = {}) {
  const { body, secret, accept } = options;
  const abort = new AbortController();
  const response = await server.request(`/v1${path}`, {
    method,
    signal: abort.signal,
    headers: {
      ...(body !== undefined && { "content-type": "application/json" }),
      ...(secret !== undefined && { authorization: `Bearer ${secret}` }),
      ...(accept !== undefined && { accept }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  if (response.headers.get("content-type")?.startsWith("text/event-stream")) {
    abort.abort();
    return { status: response.status, text: "a stream" };
  }
  return { status: response.status, text: await response.text() };
}

beforeAll(async () => {
  server = await runningServer();
  await server.declareTopic("hr.people");
  await server.declareTopic("pay.orders");
  await server.publish("pay.orders", '{"type":"secret.paid","key":"k-secret","data":{"amount":1}}');
  spy = (await server.createKey(everything("hr.*"))).secret;
  friend = (await server.createKey([...everything("hr.*"), { action: "read", pattern: "pay.orders" }])).secret;
  // Made by somebody who may, and named so that the spy's scopes match it.
  const shared = { topics: [{ topic: "pay.orders", start: "earliest" }] };
  expect((await ask("PUT", "/consumers/hr.shared", { body: shared })).status).toBe(201);
  await ask("PUT", "/consumers/hr.own", { body: { topics: [{ topic: "hr.people" }] } });
});
afterAll(() => server.close());

describe("declaring", () => {
  test.each(["pay.orders", "no.such"])(
    "a consumer of %s takes leave to read it, and tells not if it exists",
    async (topic) => {
      const answer = await ask("PUT", "/consumers/hr.spy", {
        body: { topics: [{ topic, start: "earliest" }] },
        secret: spy,
      });
      expect(answer.status).toBe(403);
      expect(JSON.parse(answer.text)).toMatchObject({ code: "forbidden", action: "read", name: topic });
      expect((await ask("GET", "/consumers/hr.spy", { secret: spy })).status).toBe(404);
    },
  );

  test("one topic that may not be read among others refuses the whole", async () => {
    const topics = [{ topic: "hr.people" }, { topic: "pay.orders" }];
    expect((await ask("PUT", "/consumers/hr.spy", { body: { topics }, secret: spy })).status).toBe(403);
    expect((await ask("PUT", "/consumers/hr.own", { body: { topics }, secret: spy })).status).toBe(403);
  });

  test("a copy gives no topic that could not be declared", async () => {
    const body = { topics: [{ topic: "pay.orders" }], copyFrom: "hr.shared" };
    expect((await ask("PUT", "/consumers/hr.copy", { body, secret: spy })).status).toBe(403);
  });

  test("whoever may read the topic declares as ever", async () => {
    const body = { topics: [{ topic: "pay.orders", start: "earliest" }] };
    expect((await ask("PUT", "/consumers/hr.friend", { body, secret: friend })).status).toBe(201);
    expect(
      (await ask("PUT", "/consumers/hr.own", { body: { topics: [{ topic: "hr.people" }] }, secret: spy })).status,
    ).toBe(200);
  });
});

describe("what is seen through a consumer takes leave to read its topics", () => {
  const replay = { topic: "pay.orders", fromOffset: 1, toOffset: 1, reason: "to see it" };
  test.each([
    ["GET", "/consumers/hr.shared/events?member=a", undefined],
    ["GET", "/consumers/hr.shared/parked", undefined],
    ["GET", "/consumers/hr.shared/parked?topic=pay.orders", undefined],
    ["GET", "/consumers/hr.shared/parked/groups", undefined],
    ["GET", "/consumers/hr.shared/parked/facets", undefined],
    ["GET", "/consumers/hr.shared/sequences/pay.orders/k-secret", undefined],
    ["GET", "/consumers/hr.shared/sequences/pay.orders?key=k-secret", undefined],
    ["GET", "/consumers/hr.shared/account", undefined],
    ["GET", "/consumers/hr.shared/account?topic=pay.orders", undefined],
    ["GET", "/consumers/hr.shared/position-changes", undefined],
    ["GET", "/topics/pay.orders/events/1/deliveries", undefined],
    ["POST", "/consumers/hr.shared/position-plans", { target: { to: "latest" } }],
    ["POST", "/consumers/hr.shared/position-plans", { target: { to: "before", topic: "pay.orders", offset: 1 } }],
    ["POST", "/consumers/hr.shared/replays", replay],
    ["POST", "/consumers/hr.shared/redrives", { filter: { key: "k-secret" }, reason: "to count it" }],
    ["POST", "/consumers/hr.shared/discards", { filter: { all: true }, reason: "to count it" }],
    ["POST", "/consumers/hr.shared/restores", { filter: { topic: "pay.orders" }, reason: "to count it" }],
  ])("%s %s", async (method, path, body) => {
    const options = body === undefined ? {} : { body };
    const refused = await ask(method, path, { ...options, secret: spy });
    expect(refused.status).toBe(403);
    expect(refused.text).not.toMatch(/secret/);
    const { status } = await ask(method, path, { ...options, secret: friend });
    expect(status).not.toBe(403);
  });

  test("a plan that somebody else made is not applied, nor a change undone, by whoever may not read", async () => {
    const plan = JSON.parse(
      (await ask("POST", "/consumers/hr.shared/position-plans", { body: { target: { to: "latest" } } })).text,
    );
    const body = { planId: plan.id, token: plan.token, reason: "r" };
    expect((await ask("POST", "/consumers/hr.shared/position-changes", { body, secret: spy })).status).toBe(403);
    const done = await ask("POST", "/consumers/hr.shared/position-changes", { body });
    const { id } = JSON.parse(done.text);
    const undo = `/consumers/hr.shared/position-changes/${id}/undo`;
    expect((await ask("POST", undo, { body: { reason: "r" }, secret: spy })).status).toBe(403);
    expect((await ask("POST", undo, { body: { reason: "r" } })).status).toBe(200);
  });

  test("the numbers of a consumer stay open to whoever may read the consumer", async () => {
    for (const path of ["", "/history", "/state"]) {
      expect((await ask("GET", `/consumers/hr.shared${path}`, { secret: spy })).status).toBe(200);
    }
  });

  test("a stream goes on for its own topics", async () => {
    expect(await ask("GET", "/consumers/hr.own/events?member=a", { secret: spy })).toMatchObject({ status: 200 });
  });
});

test("a stream ends when its consumer is declared anew with a topic that its key may not read", async () => {
  const ends: string[] = [];
  const topics = ["hr.people"];
  const guard = createReadingGuard({ topicsOf: async () => topics, recheckMs: 5 });
  const identity = (...patterns: string[]): Identity => ({
    name: "k",
    scopes: [],
    can: (action, target) =>
      action === "read" &&
      typeof target !== "string" &&
      "topic" in target &&
      patterns.some((it) => target.topic.startsWith(it)),
  });
  await guard.admit("c", identity("hr."));
  const stops = [
    guard.watch("c", { identity: identity("hr."), end: () => ends.push("spy") }),
    guard.watch("c", { identity: identity("hr.", "pay."), end: () => ends.push("friend") }),
  ];
  topics.push("pay.orders");
  await expect.poll(() => ends[0]).toBe("spy");
  await expect(guard.admit("c", identity("hr."))).rejects.toMatchObject({ code: "forbidden" });
  for (const stop of stops) stop();
  expect(ends).not.toContain("friend");
});

test("the running server does the same to a member", async () => {
  const abort = new AbortController();
  const frames = framesOf(
    await server.request("/v1/consumers/hr.own/events?member=long", {
      headers: { authorization: `Bearer ${spy}` },
      signal: abort.signal,
    }),
    abort,
  );
  await frames.until((all) => all.some((it) => it.event === "assignment"));
  const body = { topics: [{ topic: "hr.people" }, { topic: "pay.orders", start: "earliest" }] };
  expect((await ask("PUT", "/consumers/hr.own", { body })).status).toBe(200);
  await frames.ended;
  expect((await ask("GET", "/consumers/hr.own/events?member=long", { secret: spy })).status).toBe(403);
}, 30_000);
