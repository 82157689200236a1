import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Problem } from "../contract/problem.ts";
import { type TestDatabase, testDatabase } from "../testing/test-database.ts";
import { browser } from "./testing/browser.ts";
import { type TestInstance, testInstance } from "./testing/test-instance.ts";

const ADMIN = { email: "ada@example.org", password: "correct horse battery" };
const SECRET = "a-secret-of-my-own-0001";

let db: TestDatabase;
let here: TestInstance;

beforeAll(async () => {
  db = await testDatabase();
  here = await testInstance(db.database, { admin: ADMIN, apiKey: SECRET });
});
afterAll(async () => {
  await here.close();
  await db.drop();
});

async function v1(method: string, path: string, options: { body?: BodyInit; key?: string; type?: string } = {}) {
  const response = await fetch(`${here.url}/v1${path}`, {
    method,
    headers: {
      authorization: `Bearer ${options.key ?? SECRET}`,
      ...(options.body === undefined ? {} : { "content-type": options.type ?? "application/json" }),
    },
    ...(options.body === undefined ? {} : { body: options.body }),
  });
  return { status: response.status, headers: response.headers, body: (await response.json()) as Problem };
}

const key = async (scopes: { action: "read" | "operate" | "publish" | "consume"; pattern: string }[]) =>
  here.services.createApiKey({ name: "test", scopes, actor: { name: "person:ada@example.org", requestId: "r" } });

describe("sign-in", () => {
  test("nobody is told anything without a session", async () => {
    const tab = browser(here.url);
    await expect(tab.trpc.topics.list.query()).rejects.toMatchObject({ data: { problem: "unauthenticated" } });
    await expect(tab.trpc.apiKeys.list.query()).rejects.toMatchObject({ data: { problem: "unauthenticated" } });
    expect(await tab.trpc.session.current.query()).toEqual({ person: null, scopes: [] });
  });

  test("the configured administrator signs in, works and signs out", async () => {
    const tab = browser(here.url);
    expect((await tab.signIn(ADMIN.email, "wrong password!")).status).toBe(401);
    expect((await tab.signIn(ADMIN.email, ADMIN.password)).status).toBe(200);
    expect(tab.cookie).toContain("millrace.session_token=");
    expect((await tab.trpc.session.current.query()).person).toMatchObject({ email: ADMIN.email });
    await tab.trpc.topics.declare.mutate({ topic: "signed-in", description: "x" });
    expect((await tab.trpc.topics.list.query()).topics.map((it) => it.topic)).toContain("signed-in");
    const { entries } = await tab.trpc.audit.list.query({});
    expect(entries[0]).toMatchObject({ actor: `person:${ADMIN.email}`, target: "topic:signed-in" });
    expect(entries[0]?.requestId).toBeTruthy();
    const overview = await tab.trpc.overview.get.query();
    expect(overview.counts.topics).toBeGreaterThan(0);
    await tab.signOut();
    expect(await tab.trpc.session.current.query()).toEqual({ person: null, scopes: [] });
  });

  test("nobody can sign himself up", async () => {
    const answer = await browser(here.url).post("/api/auth/sign-up/email", {
      ...ADMIN,
      email: "eve@x.org",
      name: "Eve",
    });
    expect(answer.status).toBe(400);
  });

  test("what another site sends with the cookie is refused", async () => {
    const tab = browser(here.url);
    await tab.signIn(ADMIN.email, ADMIN.password);
    const declare = (headers: Record<string, string>) =>
      tab.post("/api/trpc/topics.declare", { topic: "by-another-site" }, headers);
    expect((await declare({ origin: "https://evil.example" })).status).toBe(403);
    expect((await declare({ "sec-fetch-site": "cross-site" })).status).toBe(403);
    expect((await declare({ "content-type": "multipart/form-data" })).status).toBe(415);
    expect((await declare({})).status).toBe(200);
    const signOut = await tab.post("/api/auth/sign-out", {}, { origin: "https://evil.example" });
    expect(signOut.status).toBe(403);
  });

  test("a cookie that came over HTTPS never goes over HTTP", async () => {
    const answer = await browser(here.url).post("/api/auth/sign-in/email", ADMIN, {
      "x-forwarded-proto": "https",
      origin: here.url.replace("http:", "https:"),
    });
    expect(answer.headers.getSetCookie()[0]).toMatch(/^__Secure-millrace\.session_token=.*; Secure/);
  });

  test("an oversized body is refused before it is read", async () => {
    const answer = await browser(here.url).post("/api/auth/sign-in/email", { email: "x".repeat(100_000) });
    expect(answer.status).toBe(413);
  });
});

describe("REST", () => {
  test("a topic is created with 201, declared again with 200, and read back", async () => {
    const put = () => v1("PUT", "/topics/orders", { body: JSON.stringify({ description: "Orders" }) });
    expect((await put()).status).toBe(201);
    expect((await put()).status).toBe(200);
    expect((await v1("GET", "/topics/orders")).body).toMatchObject({ topic: "orders", description: "Orders", head: 0 });
    expect((await v1("PUT", "/topics/no-body")).status).toBe(201);
  });

  test("a consumer is declared, described, planned for and moved", async () => {
    await v1("PUT", "/topics/moves");
    const declared = await v1("PUT", "/consumers/mover", { body: JSON.stringify({ topics: [{ topic: "moves" }] }) });
    expect(declared).toMatchObject({ status: 201, body: { consumer: "mover", partitions: 1 } });
    const plan = await v1("POST", "/consumers/mover/position-plans", {
      body: JSON.stringify({ target: { to: "earliest" } }),
    });
    expect(plan.status).toBe(200);
    const { id: planId, token } = plan.body as unknown as { id: string; token: string };
    const change = { planId, token, reason: "a test" };
    const moved = await v1("POST", "/consumers/mover/position-changes", { body: JSON.stringify(change) });
    expect(moved).toMatchObject({ status: 200, body: { reason: "a test", actor: "key:MILLRACE_API_KEY" } });
    expect(await v1("GET", "/consumers/mover/state?limit=5")).toMatchObject({ status: 200, body: { entries: [] } });
  });

  test.each([
    ["malformed JSON", "PUT", "/topics/bad", '{"a"', undefined, 400, "malformed-json", []],
    ["invalid UTF-8", "PUT", "/topics/bad", new Uint8Array([123, 255, 125]), undefined, 400, "invalid-utf8", []],
    ["an unknown field", "PUT", "/topics/bad", '{"colour":1}', undefined, 400, "invalid-input", ["colour"]],
    ["a field of the path", "PUT", "/topics/bad", '{"topic":"other"}', undefined, 400, "invalid-input", ["topic"]],
    ["__proto__", "PUT", "/topics/bad", '{"__proto__":{}}', undefined, 400, "invalid-input", ["__proto__"]],
    ["a body that is no object", "PUT", "/topics/bad", "[]", undefined, 400, "invalid-input", [""]],
    ["a bad name", "PUT", "/topics/Bad%20Name", "{}", undefined, 400, "invalid-input", ["topic"]],
    ["broken percent-encoding", "GET", "/topics/%ff", undefined, undefined, 400, "invalid-input", ["topic"]],
    [
      "a number as text",
      "PUT",
      "/consumers/bad",
      '{"topics":[{"topic":"a","nope":1}],"partitions":"3"}',
      undefined,
      400,
      "invalid-input",
      ["topics[0].nope", "partitions"],
    ],
    [
      "a bad query",
      "GET",
      "/consumers/c/state?limit=x&more=1",
      undefined,
      undefined,
      400,
      "invalid-input",
      ["limit", "more"],
    ],
    ["another media type", "PUT", "/topics/bad", "a=1", "text/plain", 415, "unsupported-media-type", []],
    ["an oversized body", "PUT", "/topics/bad", `"${"x".repeat(1_100_000)}"`, undefined, 413, "payload-too-large", []],
    ["an absent topic", "GET", "/topics/absent", undefined, undefined, 404, "topic-not-found", []],
    ["an absent consumer", "GET", "/consumers/absent", undefined, undefined, 404, "consumer-not-found", []],
    ["an unknown address", "GET", "/nowhere", undefined, undefined, 404, "not-found", []],
    ["another method", "PUT", "/topics", "{}", undefined, 405, "method-not-allowed", []],
  ] as const)("%s is a problem that names its fields", async (...row) => {
    const [, method, path, body, type, status, code, fields] = row;
    const answer = await v1(method, path, {
      ...(body === undefined ? {} : { body: body as BodyInit }),
      ...(type === undefined ? {} : { type }),
    });
    expect(answer.headers.get("content-type")).toBe("application/problem+json");
    expect(answer).toMatchObject({
      status,
      body: { status, code, type: `/docs/problems#${code}`, instance: "test-request" },
    });
    expect((answer.body.errors ?? []).map((it) => it.field).sort()).toEqual([...fields].sort());
  });
});

describe("API keys", () => {
  test("a key does what its scopes say, by name, and nothing else", async () => {
    await v1("PUT", "/topics/pay.one");
    await v1("PUT", "/topics/other");
    const { secret } = await key([
      { action: "read", pattern: "pay.*" },
      { action: "operate", pattern: "pay.two" },
    ]);
    expect((await v1("GET", "/topics/pay.one", { key: secret })).status).toBe(200);
    expect(await v1("GET", "/topics/other", { key: secret })).toMatchObject({
      status: 403,
      body: { code: "forbidden", action: "read", name: "other" },
    });
    expect((await v1("PUT", "/topics/pay.two", { key: secret })).status).toBe(201);
    expect((await v1("PUT", "/topics/pay.three", { key: secret })).status).toBe(403);
    expect(
      (await v1("POST", "/consumers/pay.one/position-plans", { key: secret, body: '{"target":{"to":"latest"}}' }))
        .status,
    ).toBe(403);
    const { topics } = (await v1("GET", "/topics", { key: secret })).body as unknown as { topics: { topic: string }[] };
    expect(topics.map((it) => it.topic).sort()).toEqual(["pay.one", "pay.two"]);
  });

  test.each(["", "nonsense", `mr_abcdefgh_${"x".repeat(40)}`])("%j is no key", async (secret) => {
    const answer = await v1("GET", "/topics", { key: secret });
    expect(answer).toMatchObject({ status: 401, body: { code: "unauthenticated" } });
    expect(answer.headers.get("www-authenticate")).toBe("Bearer");
  });

  test("a secret with the right beginning and a wrong end is refused", async () => {
    const { secret } = await key([{ action: "read", pattern: "*" }]);
    const wrong = `${secret.slice(0, -1)}${secret.endsWith("x") ? "y" : "x"}`;
    expect((await v1("GET", "/topics", { key: wrong })).status).toBe(401);
  });

  test("a key cannot be used for the control room, nor a session for /v1", async () => {
    const tab = browser(here.url);
    const answer = await tab.post("/api/trpc/topics.declare", { topic: "x" }, { authorization: `Bearer ${SECRET}` });
    expect(answer.status).toBe(401);
    await tab.signIn(ADMIN.email, ADMIN.password);
    expect((await fetch(`${here.url}/v1/topics`, { headers: { cookie: tab.cookie } })).status).toBe(401);
  });

  test("the page gets the named fields of a refusal", async () => {
    const tab = browser(here.url);
    await tab.signIn(ADMIN.email, ADMIN.password);
    const failing = tab.trpc.apiKeys.create.mutate({ name: "", scopes: [{ action: "read", pattern: "NOT*OK" }] });
    await expect(failing).rejects.toMatchObject({
      data: {
        problem: "invalid-input",
        fields: [{ field: "name", message: "must not be empty" }, { field: "scopes[0].pattern" }],
        requestId: expect.any(String),
      },
    });
    await tab.trpc.apiKeys.create.mutate({ name: "shown once", scopes: [{ action: "read", pattern: "*" }] });
    const { keys } = await tab.trpc.apiKeys.list.query();
    expect(JSON.stringify(keys)).not.toContain("hash");
    expect(keys[0]).toMatchObject({ name: "shown once", revokedAt: null, createdBy: `person:${ADMIN.email}` });
  });
});
