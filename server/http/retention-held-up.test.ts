import { afterAll, beforeAll, expect, it } from "vitest";
import { type RunningServer, runningServer } from "./testing/running-server.ts";

let server: RunningServer;
const over = { events: 2, bytes: null, ms: null };

beforeAll(async () => {
  server = await runningServer();
  await put("/topics/orders", { retention: { maxEvents: 1 } });
  await put("/consumers/billing", { topics: [{ topic: "orders", types: ["paid"] }] });
  await server.publish("orders", JSON.stringify({ events: ["paid", "sent", "paid"].map((type) => ({ type })) }));
});
afterAll(() => server.close());

async function put(path: string, body: unknown) {
  const headers = { "content-type": "application/json" };
  const { status } = await server.request(`/v1${path}`, { method: "PUT", headers, body: JSON.stringify(body) });
  expect(status).toBe(201);
}

async function get(path: string, secret?: string) {
  const headers: Record<string, string> = secret === undefined ? {} : { authorization: `Bearer ${secret}` };
  return (await server.request(`/v1${path}`, { headers })).json();
}

it("topic and consumer say how far retention is past its bound, and by whom it is held up", async () => {
  const heldUp = { over, by: [{ consumer: "billing", position: 0 }], consumers: 1 };
  expect(await get("/topics/orders")).toMatchObject({ heldUp });
  expect(await get("/topics")).toMatchObject({ topics: [{ heldUp }] });
  const place = { lag: 3, matching: { count: 2, isExact: true }, holdsUp: over };
  expect(await get("/consumers/billing")).toMatchObject({ topics: [place] });
  expect(await get("/consumers")).toMatchObject({ consumers: [{ topics: [place] }] });
});

it("a key that may read the topic and not the consumer is told that one holds it up, and not which", async () => {
  const { secret } = await server.createKey([{ action: "read", pattern: "orders" }]);
  const heldUp = { over, by: [], consumers: 1 };
  expect(await get("/topics/orders", secret)).toMatchObject({ heldUp });
  expect(await get("/topics", secret)).toMatchObject({ topics: [{ heldUp }] });
});
