import { afterEach, beforeEach, expect, test } from "vitest";
import { type Client, ConflictError, createClient, GapError, MillraceError } from "./create-client.ts";
import { FakeServer, problem } from "./testing/fake-server.ts";

let server: FakeServer;
let client: Client;
beforeEach(async () => {
  server = await FakeServer.start();
  client = createClient({ url: server.url, apiKey: "k" });
});
afterEach(() => server.stop());

test("a publish whose answer was lost is repeated and stored once", async () => {
  server.fault("POST", ({ response, body }) => {
    server.append("payments", JSON.parse(body).events);
    response.destroy();
    return true;
  });
  const [stored] = await client.publish("payments", { type: "payment.succeeded" });
  expect(stored).toMatchObject({ offset: 1, duplicate: true });
  expect(server.topics.get("payments")).toHaveLength(1);
});

test("a caller's own id is kept, and an event without data or key is published as it is", async () => {
  expect(await client.publish("t", [{ id: "mine", type: "a" }, { type: "b" }])).toMatchObject([
    { id: "mine", offset: 1 },
    { offset: 2 },
  ]);
  expect(server.topics.get("t")?.[1]).not.toHaveProperty("data");
});

test("429 and 503 are repeated, not before the time the server named", async () => {
  for (const status of [503, 429]) {
    server.fault("POST", ({ response }) => {
      response.setHeader("retry-after", "1");
      problem(response, status, status === 429 ? "queue-full" : "database-unavailable");
      return true;
    });
  }
  const begun = Date.now();
  await client.publish("t", { type: "a" });
  expect(Date.now() - begun).toBeGreaterThanOrEqual(1900);
  expect(server.requests).toHaveLength(3);
});

test("repeating ends at the time limit with the server's own refusal", async () => {
  for (let i = 0; i < 50; i++) {
    server.fault("POST", ({ response }) => {
      problem(response, 503, "database-unavailable");
      return true;
    });
  }
  const publish = client.publish("t", { type: "a" }, { timeLimitMs: 300 });
  await expect(publish).rejects.toMatchObject({ code: "database-unavailable", status: 503 });
});

test("a server that cannot be reached is `unreachable` with status 0, and an abort ends the repeating at once", async () => {
  const nowhere = createClient({ url: "http://127.0.0.1:9", apiKey: "k" });
  await expect(nowhere.publish("t", { type: "a" }, { timeLimitMs: 200 })).rejects.toMatchObject({
    code: "unreachable",
    status: 0,
  });
  const abort = new AbortController();
  const publish = nowhere.publish("t", { type: "a" }, { signal: abort.signal });
  abort.abort(new Error("enough"));
  await expect(publish).rejects.toThrow("enough");
});

test("a refusal is not repeated and names the fields", async () => {
  server.fault("POST", ({ response }) => {
    problem(response, 400, "invalid-input", { errors: [{ field: "events[0].type", message: "must not be empty" }] });
    return true;
  });
  const refused = await client.publish("t", { type: "" }).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(MillraceError);
  expect(refused).toMatchObject({ code: "invalid-input", problem: { errors: [{ field: "events[0].type" }] } });
  expect(server.requests).toHaveLength(1);
});

test("an answer that is no problem document is an error with its status, not a crash", async () => {
  server.fault("POST", ({ response }) => {
    response.writeHead(418).end("<html>proxy</html>");
    return true;
  });
  await expect(client.publish("t", { type: "a" })).rejects.toMatchObject({ code: "unreadable", status: 418 });
});

test("a conflict carries the actual offset, and load + append again succeeds", async () => {
  const sum = (total: number, event: { data?: number }) => total + (event.data ?? 0);
  await client.append("accounts", "a1", [{ type: "deposited", data: 5 }], { expect: 0 });
  await client.append("accounts", "other", [{ type: "deposited", data: 1 }], { expect: 0 });
  const conflict = await client
    .append("accounts", "a1", [{ type: "deposited", data: 7 }], { expect: 0 })
    .catch((error: unknown) => error);
  expect(conflict).toBeInstanceOf(ConflictError);
  expect((conflict as ConflictError).actual).toEqual({ a1: 1 });
  const { version } = await client.load<number, number>("accounts", "a1", sum, 0);
  expect(await client.append("accounts", "a1", [{ type: "deposited", data: 7 }], { expect: version })).toMatchObject({
    version: 3,
  });
  expect(await client.load<number, number>("accounts", "a1", sum, 0)).toEqual({ state: 12, version: 3 });
});

test("load throws when retention has taken events of the key; with onGap it folds what is left", async () => {
  server.append("t", [{ type: "n", key: "k", data: 1 }]);
  const gap = () =>
    server.fault("GET", ({ response }) => {
      const events = server.topics.get("t");
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify({ events, next: null, gap: { requested: 1, firstAvailable: 96 } }));
      return true;
    });
  gap();
  const refused = await client.load("t", "k", (n: number) => n + 1, 0).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(GapError);
  expect(refused).toMatchObject({ requested: 1, firstAvailable: 96 });
  gap();
  const gaps: unknown[] = [];
  const onGap = (it: unknown) => void gaps.push(it);
  expect(await client.load("t", "k", (n: number) => n + 1, 0, { onGap })).toEqual({ state: 1, version: 1 });
  expect(gaps).toEqual([{ requested: 1, firstAvailable: 96 }]);
});

test("load folds every page of a key's events and nothing of its neighbours", async () => {
  const events = Array.from({ length: 2500 }, (_, i) => ({ type: "n", key: i % 2 ? "odd" : "even", data: i }));
  server.append("t", events);
  const { state, version } = await client.load<number, number>("t", "odd", (n) => n + 1, 0);
  expect({ state, version }).toEqual({ state: 1250, version: 2500 });
  expect(await client.load("t", "nobody", () => 1, 0)).toEqual({ state: 0, version: 0 });
});

test("a lossless parser and writer keep every digit", async () => {
  const exact = createClient({
    url: server.url,
    apiKey: "k",
    stringify: (value) => JSON.stringify(value).replace('"EXACT"', "9007199254740993"),
    parse: (text) => JSON.parse(text.replace(/:(\d{16,})/g, ':"$1"')),
  });
  let sent = "";
  server.fault("POST", ({ body }) => {
    sent = body;
    return false;
  });
  await exact.publish("t", { type: "a", key: "k", data: "EXACT" });
  expect(sent).toContain('"data":9007199254740993');
});
