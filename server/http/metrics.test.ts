import { afterAll, beforeAll, expect, it } from "vitest";
import { hasPromtool, promtool } from "../testing/promtool.ts";
import { type RunningServer, runningServer } from "./testing/running-server.ts";

let server: RunningServer;
const json = { "content-type": "application/json" };

async function send(method: string, path: string, body: unknown): Promise<Response> {
  const response = await server.request(path, { method, headers: json, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`${method} ${path} gave ${response.status}: ${await response.text()}`);
  return response;
}

const page = async () => (await fetch(`${server.url}/metrics`)).text();
/** Of a line that begins so. */
const valueOn = (text: string, series: string): number =>
  Number(
    text
      .split("\n")
      .find((line) => line.startsWith(`${series} `))
      ?.slice(series.length + 1) ?? "NaN",
  );

let text: string;

beforeAll(async () => {
  server = await runningServer();
  await server.declareTopic("orders");
  await send("PUT", "/v1/consumers/billing", {
    topics: [{ topic: "orders", start: "earliest" }],
    retry: { maxAttempts: 5, backoff: { delaysMs: [600_000] } },
  });
  await send("PUT", "/v1/consumers/mail", { topics: [{ topic: "orders", start: "earliest", types: ["paid"] }] });
  const events = Array.from({ length: 10 }, (_, i) => ({
    type: i % 5 === 0 ? "paid" : "sent",
    key: `k${i}`,
    data: {},
  }));
  await send("POST", "/v1/topics/orders/events", { events });
  await server.publish("absent", JSON.stringify({ events }));
  const pulled = await send("POST", "/v1/consumers/billing/deliveries", { max: 6 });
  const { deliveries } = (await pulled.json()) as { deliveries: { delivery: Record<string, unknown> }[] };
  const settlements = deliveries.slice(0, 3).map(({ delivery: { topic, partition, epoch, offset } }, i) => ({
    ...{ topic, partition, epoch, offset, outcome: i === 0 ? "retry" : "ack" },
    ...(i === 0 && { attempt: 1, error: { name: "Boom", message: 'a "quoted"\nerror' } }),
  }));
  // Sent again, as after a lost answer: it counts once.
  for (const body of [{ settlements }, { settlements }]) await send("POST", "/v1/consumers/billing/settlements", body);
  text = await page();
});
afterAll(() => server.close());

it.skipIf(!hasPromtool)("tells what Prometheus' own checker finds nothing wrong with", () => {
  expect(promtool(["check", "metrics"], text)).toBe("");
});

it.each([
  ['millrace_topic_published_events_total{topic="orders"}', 10],
  ['millrace_topic_retention_held_up{topic="orders"}', 0],
  ['millrace_consumer_lag_events{consumer="billing",topic="orders"}', 7],
  ['millrace_consumer_matching_lag_events{consumer="billing",topic="orders"}', 7],
  ['millrace_consumer_matching_lag_events{consumer="mail",topic="orders"}', 2],
  ['millrace_consumer_settled_total{consumer="billing",topic="orders"}', 3],
  ['millrace_consumer_failures_total{consumer="billing",topic="orders"}', 1],
  ['millrace_consumer_parked_events{consumer="billing",topic="orders",state="retrying"}', 1],
  ['millrace_consumer_parked_events{consumer="billing",topic="orders",state="dead"}', 0],
  ['millrace_consumer_members{consumer="billing"}', 1],
  ['millrace_consumer_members{consumer="mail"}', 0],
  ['millrace_consumer_paused{consumer="billing"}', 0],
  ['millrace_consumer_attempts_total{consumer="billing",outcome="ack"}', 2],
  ['millrace_consumer_attempts_total{consumer="billing",outcome="retry"}', 1],
  ['millrace_consumer_deliveries_in_flight{consumer="billing"}', 3],
  ["millrace_deliveries_in_flight", 3],
  ["millrace_members", 1],
  ["millrace_database_up", 1],
  ["millrace_events_published_total", 10],
  ["millrace_settlements_queued", 0],
  // What was refused is not timed.
  ["millrace_publish_duration_seconds_count", 1],
  ["millrace_settle_duration_seconds_count", 2],
  ['millrace_metrics_left_out{kind="consumers"}', 0],
])("tells %s", (series, value) => {
  expect(valueOn(text, series)).toBe(value);
});

it.each([
  'millrace_consumer_lag_seconds{consumer="mail",topic="orders"}',
  'millrace_consumer_parked_oldest_age_seconds{consumer="billing",topic="orders"}',
  "millrace_publish_duration_seconds_sum",
  "millrace_settle_duration_seconds_sum",
])("tells a time that has passed, in seconds: %s", (series) => {
  expect(valueOn(text, series)).toBeGreaterThan(0);
  expect(valueOn(text, series)).toBeLessThan(60);
});

it("hears the wake-ups of others", async () => {
  await expect.poll(async () => valueOn(await page(), "millrace_wakeups_listening")).toBe(1);
});

it("has no series left of a consumer and a topic that are gone", async () => {
  const { pool } = server.database.database;
  await pool.query("UPDATE topic SET removed_at = now()");
  await pool.query("UPDATE consumer SET removed_at = now() WHERE name = 'billing'");
  await expect.poll(page, { timeout: 15_000, interval: 500 }).not.toContain('consumer="billing"');
  const after = await page();
  expect(after).toContain('millrace_consumer_members{consumer="mail"}');
  expect(after).not.toContain('topic="orders"');
});

it("answers a hundred who ask at once, all of them", async () => {
  const pages = await Promise.all(Array.from({ length: 100 }, page));
  expect(pages.filter((it) => !it.includes("millrace_database_up 1"))).toEqual([]);
  expect(server.errors).toEqual([]);
});
