import { afterAll, beforeAll, expect, it } from "vitest";
import type { Alert, AlertRule } from "../contract/alerts.ts";
import { type RunningServer, runningServer } from "./testing/running-server.ts";

let server: RunningServer;

beforeAll(async () => {
  server = await runningServer();
});
afterAll(() => server.close());

async function send<T>(method: string, path: string, body?: object): Promise<T> {
  const response = await server.request(path, {
    method,
    headers: { "content-type": "application/json" },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(`${method} ${path} gave ${response.status}: ${await response.text()}`);
  return (await response.json()) as T;
}

const alerts = async (query = "") => (await send<{ alerts: Alert[] }>("GET", `/v1/alerts${query}`)).alerts;

interface Told {
  readonly id: string;
  readonly type: string;
  readonly partitionkey: string;
  readonly data: { readonly alert: string; readonly state: string; readonly text: string };
}

async function told(): Promise<Told[]> {
  const response = await server.request("/v1/topics/millrace.alerts/events");
  if (response.status === 404) return [];
  return ((await response.json()) as { events: Told[] }).events;
}

/** A sample is taken every ten seconds. */
const soon = { timeout: 25_000, interval: 250 };

it("a dead letter becomes an alert, which is told, acknowledged and over, each as one event of millrace.alerts", async () => {
  const rule = { measure: "dead-letters", above: 0, forSeconds: 0, severity: "page" };
  const put = await server.request("/v1/alert-rules/letters", {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(rule),
  });
  expect(put.status).toBe(201);
  expect(await put.json()).toMatchObject({ ...rule, name: "letters", pattern: "*", isEnabled: true });
  const { rules } = await send<{ rules: AlertRule[] }>("GET", "/v1/alert-rules");
  expect(rules.map((it) => it.name)).toContain("letters");

  await server.declareTopic("orders");
  await send("PUT", "/v1/consumers/billing", { topics: [{ topic: "orders", start: "earliest" }] });
  await server.publish("orders", JSON.stringify({ type: "t", key: "k", data: {} }));
  const { deliveries } = await send<{ deliveries: { delivery: Record<string, unknown> }[] }>(
    "POST",
    "/v1/consumers/billing/deliveries",
    { max: 1 },
  );
  const { topic, partition, epoch, offset } = deliveries[0]?.delivery ?? {};
  const error = { name: "Boom", message: "it broke" };
  await send("POST", "/v1/consumers/billing/settlements", {
    settlements: [{ topic, partition, epoch, offset, outcome: "dead-letter", error }],
  });
  await expect.poll(() => alerts("?state=new"), soon).toHaveLength(1);
  const [alert] = await alerts();
  expect(alert).toMatchObject({
    ...{ state: "new", rule: "letters", severity: "page", value: 1 },
    subject: { kind: "consumer", name: "billing" },
  });
  const id = alert?.id ?? "";
  await expect.poll(told, soon).toHaveLength(1);

  const seen = await send<Alert>("POST", `/v1/alerts/${id}/acknowledge`, { note: "on it" });
  expect(seen).toMatchObject({ state: "acknowledged", acknowledged: { note: "on it" } });
  expect(await alerts("?state=open")).toEqual([seen]);
  await send("DELETE", "/v1/alert-rules/letters");
  await expect.poll(() => alerts("?state=over"), soon).toMatchObject([{ id, over: { because: "rule-changed" } }]);
  await expect.poll(told, soon).toHaveLength(3);
  const events = await told();
  expect(events.map((it) => [it.id, it.type, it.partitionkey, it.data.state])).toEqual(
    ["new", "acknowledged", "over"].map((state) => [
      ...[`${id}.${state}`, `millrace.alert.${state}`, "letters consumer:billing", state],
    ]),
  );
  expect(events.map((it) => [it.data.alert, it.data.text])).toEqual(
    Array.from(events, () => [id, "billing has 1 dead letter"]),
  );

  // Told again, as after an answer that was lost, each is the same event.
  const { pool } = server.database.database;
  await pool.query("UPDATE alert SET untold = '{new,acknowledged,over}'");
  const untold = async () => (await pool.query("SELECT FROM alert WHERE untold <> '{}'")).rowCount;
  await expect.poll(untold, soon).toBe(0);
  // So it is where another version told it in other words.
  await pool.query("UPDATE alert SET untold = '{new,over}', value = 2");
  await expect.poll(untold, soon).toBe(0);
  expect(await told()).toEqual(events);
  expect(server.errors).toEqual([]);
}, 120_000);

it.each([
  ["a measure that is none", { measure: "luck", above: 0, forSeconds: 0, severity: "page" }, "measure"],
  ["less than nothing", { measure: "halted", above: -1, forSeconds: 0, severity: "page" }, "above"],
  ["longer than a day", { measure: "halted", above: 0, forSeconds: 86_401, severity: "page" }, "forSeconds"],
  [
    "a pattern that is none",
    { measure: "halted", above: 0, forSeconds: 0, severity: "page", pattern: "*x" },
    "pattern",
  ],
])("a rule is refused with %s, and the field is named", async (_, body, field) => {
  const response = await server.request("/v1/alert-rules/mine", {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ errors: [{ field }] });
});

it("a rule is tried without being kept", async () => {
  const condition = { measure: "topic-bytes", above: 0, forSeconds: 0, pattern: "orders" };
  const { rows } = await server.database.database.pool.query("SELECT count(*) FROM alert_rule");
  await expect
    .poll(() => send<{ count: number }>("POST", "/v1/alert-rules/preview", condition), soon)
    .toMatchObject({ count: 1, subjects: 1, isWhole: true, alerts: [{ subject: "orders", overAt: null }] });
  const after = await server.database.database.pool.query("SELECT count(*) FROM alert_rule");
  expect(after.rows).toEqual(rows);
});
