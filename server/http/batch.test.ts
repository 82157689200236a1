import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { type TestDatabase, testDatabase } from "../testing/test-database.ts";
import { browser } from "./testing/browser.ts";
import { type TestInstance, testInstance } from "./testing/test-instance.ts";

const ADMIN = { email: "ada@example.org", password: "correct horse battery" };

let db: TestDatabase;
let here: TestInstance;

beforeAll(async () => {
  db = await testDatabase();
  here = await testInstance(db.database, { admin: ADMIN, maxSignIns: 3 });
});
afterAll(async () => {
  await here.close();
  await db.drop();
});

const batch = (names: readonly string[], init?: RequestInit) =>
  fetch(`${here.url}/api/trpc/${names.join(",")}?batch=1`, init);

test.each([
  ["known procedures", "setup.status", 1_000],
  ["names that nobody knows", "a", 5_000],
  ["nothing but commas", "", 12_000],
  ["one more than the pages send", "session.current", 21],
])("a batch of %s is refused whole, and nothing is asked of the database", async (_of, name, count) => {
  const queries = vi.spyOn(db.database.pool, "query");
  const connects = vi.spyOn(db.database.pool, "connect");
  try {
    const answer = await batch(Array(count).fill(name));
    expect(answer.status).toBe(400);
    expect((await answer.text()).length).toBeLessThan(64_000);
    // Members' settlements are looked for every second or so, whoever asks for what.
    const asked = queries.mock.calls.map(([query]) => (query as { readonly name?: string }).name ?? query);
    expect(asked.filter((it) => it !== "take_settlement_requests")).toEqual([]);
    // A statement by itself connects with a callback, and is among the queries.
    expect(connects.mock.calls.filter(([callback]) => callback === undefined)).toEqual([]);
  } finally {
    queries.mockRestore();
    connects.mockRestore();
  }
});

test("a batch as the pages send it is answered, and what is open to all is looked up once in it", async () => {
  const environment = vi.spyOn(here.access, "environment");
  const isSetUp = vi.spyOn(here.access, "isSetUp");
  const answer = await batch(Array(20).fill("setup.status"));
  expect(answer.status).toBe(200);
  const answers = (await answer.json()) as { result: { data: unknown } }[];
  expect(answers).toHaveLength(20);
  for (const it of answers) expect(it.result.data).toMatchObject({ isNeeded: false });
  expect(environment).toHaveBeenCalledTimes(1);
  expect(isSetUp).toHaveBeenCalledTimes(1);
});

test("whoever is not signed in is refused before his input is read", async () => {
  const post = (headers: Record<string, string>) =>
    fetch(`${here.url}/api/trpc/topics.declare`, {
      method: "POST",
      headers: { "content-type": "application/json", origin: here.url, ...headers },
      body: "{ this is no JSON",
    });
  expect((await post({})).status).toBe(401);
  const tab = browser(here.url);
  await tab.signIn(ADMIN.email, ADMIN.password);
  expect((await post({ cookie: tab.cookie })).status).toBe(400);
});

test("people who sign in all at once are served or told when to come again", async () => {
  const signIns = Array.from({ length: 10 }, () => browser(here.url).signIn(ADMIN.email, "a wrong password"));
  const answers = await Promise.all(signIns);
  const statuses = new Set(answers.map((it) => it.status));
  expect([...statuses].sort()).toEqual([401, 429]);
  const busy = answers.find((it) => it.status === 429);
  expect(busy?.headers.get("retry-after")).toBe("2");
  expect((await browser(here.url).signIn(ADMIN.email, ADMIN.password)).status).toBe(200);
});
