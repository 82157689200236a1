import { afterAll, beforeAll, expect, it } from "vitest";
import { type RunningServer, runningServer } from "./testing/running-server.ts";

// What follows and pages make of such a place (`ahead`) stands in following.test.ts.
const reason = "to see";
const tomorrow = new Date(Date.now() + 86_400_000).toISOString();
let server: RunningServer;

beforeAll(async () => {
  server = await runningServer();
  await server.declareTopic("orders");
  await ask("PUT", "/consumers/billing", { topics: [{ topic: "orders" }] });
  await server.publish("orders", JSON.stringify({ events: [{ type: "a" }, { type: "a" }, { type: "a" }] }));
});
afterAll(() => server.close());

async function ask(method: string, path: string, body: unknown) {
  const headers = { "content-type": "application/json" };
  const response = await server.request(`/v1${path}`, { method, headers, body: JSON.stringify(body) });
  return { status: response.status, body: await response.json() };
}

const start = (at: object) => ({ topics: [{ topic: "orders", start: at }] });

it.each([
  ["PUT", "/consumers/new", start({ offset: 5 }), "topics[0].start.offset"],
  ["PUT", "/consumers/new", start({ time: tomorrow }), "topics[0].start.time"],
  ["POST", "/consumers/billing/position-plans", { target: { to: "offset", offset: 5 } }, "target.offset"],
  ["POST", "/consumers/billing/position-plans", { target: { to: "time", time: tomorrow } }, "target.time"],
  [
    "POST",
    "/consumers/billing/position-plans",
    { target: { to: "before", topic: "orders", offset: 4 } },
    "target.offset",
  ],
  ["POST", "/consumers/billing/replays", { topic: "orders", reason, fromOffset: 4 }, "fromOffset"],
  ["POST", "/consumers/billing/replays", { topic: "orders", reason, toOffset: 4 }, "toOffset"],
  ["POST", "/consumers/billing/replays", { topic: "orders", reason, fromTime: tomorrow }, "fromTime"],
  ["POST", "/consumers/billing/replays", { topic: "orders", reason, toTime: tomorrow }, "toTime"],
])("%s %s with %j is refused, naming the field and the head", async (method, path, body, field) => {
  const answer = await ask(method, path, body);
  expect(answer).toMatchObject({ status: 400, body: { errors: [{ field }] } });
  expect(JSON.stringify(answer.body)).toContain("ends at offset 3");
});

it("the head itself, and the offset that comes next, are places", async () => {
  const next = await ask("PUT", "/consumers/next", start({ offset: 4 }));
  expect(next).toMatchObject({ status: 201, body: { topics: [{ position: 3, lag: 0 }] } });
  const plan = await ask("POST", "/consumers/billing/position-plans", { target: { to: "offset", offset: 4 } });
  expect(plan).toMatchObject({ status: 200 });
});
