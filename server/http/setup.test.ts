import { afterAll, beforeAll, expect, test } from "vitest";
import { type TestDatabase, testDatabase } from "../testing/test-database.ts";
import { browser } from "./testing/browser.ts";
import { type TestInstance, testInstance } from "./testing/test-instance.ts";

let db: TestDatabase;
let one: TestInstance;
let two: TestInstance;

beforeAll(async () => {
  db = await testDatabase();
  [one, two] = await Promise.all([testInstance(db.database), testInstance(db.open())]);
});
afterAll(async () => {
  await Promise.all([one.close(), two.close()]);
  await db.drop();
});

const request = (token: string, email = "ada@example.org") => ({
  token,
  name: "Ada",
  email,
  password: "correct horse battery",
  environment: { name: "Staging", colour: "amber" as const },
});

async function tokenOf(instance: TestInstance): Promise<string> {
  const link = await instance.access.setupLink(instance.url);
  return new URL(link ?? "").searchParams.get("token") ?? "";
}

test("set-up happens once, at whichever instance, with a token that one of them printed", async () => {
  const [tabOne, tabTwo] = [browser(one.url), browser(two.url)];
  expect(await tabOne.trpc.setup.status.query()).toMatchObject({ isNeeded: true });
  const [first, second] = [await tokenOf(one), await tokenOf(two)];
  expect(first).not.toBe(second);

  await expect(tabOne.trpc.setup.create.mutate(request("wrong"))).rejects.toMatchObject({
    data: { problem: "forbidden" },
  });
  await expect(tabOne.trpc.setup.create.mutate({ ...request(first), password: "short" })).rejects.toMatchObject({
    data: { fields: [{ field: "password" }] },
  });

  // Both at once, at two instances, each with a good token: one wins.
  const outcomes = await Promise.allSettled([
    tabOne.trpc.setup.create.mutate(request(second, "ada@example.org")),
    tabTwo.trpc.setup.create.mutate(request(first, "eve@example.org")),
  ]);
  const won = outcomes.filter((it) => it.status === "fulfilled");
  const lost = outcomes.filter((it) => it.status === "rejected");
  expect(won).toHaveLength(1);
  expect(lost[0]?.reason).toMatchObject({ data: { problem: "already-set-up" } });

  const answer = won[0]?.value;
  expect(answer?.apiKey.secret).toMatch(/^mr_[0-9A-Za-z]{8}_[0-9A-Za-z]{40}$/);
  for (const { url } of [one, two]) {
    const used = await fetch(`${url}/v1/topics`, { headers: { authorization: `Bearer ${answer?.apiKey.secret}` } });
    expect(used.status).toBe(200);
    const tab = browser(url);
    expect((await tab.signIn(answer?.person.email ?? "", "correct horse battery")).status).toBe(200);
    expect((await tab.trpc.system.info.query()).environment).toEqual({ name: "Staging", colour: "amber" });
    expect(await tab.trpc.setup.status.query()).toMatchObject({ isNeeded: false });
  }
  expect(await one.access.setupLink(one.url)).toBeNull();
  await expect(tabOne.trpc.setup.create.mutate(request(first))).rejects.toMatchObject({
    data: { problem: "already-set-up" },
  });
  const tokens = await db.database.pool.query("SELECT name FROM setting WHERE name LIKE 'setup-token:%'");
  expect(tokens.rowCount).toBe(0);
});

test("a session of one instance is good at the other", async () => {
  const { rows } = await db.database.pool.query<{ email: string }>("SELECT email FROM person");
  const tab = browser(one.url);
  await tab.signIn(rows[0]?.email ?? "", "correct horse battery");
  const answer = await fetch(`${two.url}/api/trpc/session.current`, { headers: { cookie: tab.cookie } });
  expect(await answer.json()).toMatchObject({ result: { data: { person: { email: rows[0]?.email } } } });
});

test("the configured key follows its variable, and starting again changes nothing", async () => {
  const status = async (instance: TestInstance, secret: string) =>
    (await fetch(`${instance.url}/v1/topics`, { headers: { authorization: `Bearer ${secret}` } })).status;
  const start = (apiKey: string) => testInstance(db.open(), { apiKey });
  const first = await start("the-first-secret-1");
  expect(await status(first, "the-first-secret-1")).toBe(200);
  await first.close();
  const again = await start("the-first-secret-1");
  expect(await status(again, "the-first-secret-1")).toBe(200);
  const changed = await start("the-other-secret-2");
  expect(await status(changed, "the-other-secret-2")).toBe(200);
  expect(await status(changed, "the-first-secret-1")).toBe(401);
  // The instance that knew the earlier value hears of it.
  await expect.poll(() => status(again, "the-first-secret-1"), { timeout: 3_000 }).toBe(401);
  const back = await start("the-first-secret-1");
  expect(await status(back, "the-first-secret-1")).toBe(200);
  const keys = await db.database.pool.query("SELECT 1 FROM api_key WHERE created_by = 'MILLRACE_API_KEY'");
  expect(keys.rowCount).toBe(2);
  await Promise.all([again.close(), changed.close(), back.close()]);
});

test("a configured key that a person revoked stays revoked, at every start, and the server says so", async () => {
  const status = async (instance: TestInstance, secret: string) =>
    (await fetch(`${instance.url}/v1/topics`, { headers: { authorization: `Bearer ${secret}` } })).status;
  const start = (apiKey: string) => testInstance(db.open(), { apiKey });
  const before = await start("a-leaked-secret-01");
  expect(await status(before, "a-leaked-secret-01")).toBe(200);
  const leaked = (await before.services.listApiKeys()).find(
    (it) => it.createdBy === "MILLRACE_API_KEY" && it.revokedAt === null,
  );
  if (leaked === undefined) throw new Error("there is no configured key");
  await before.services.revokeApiKey({ id: leaked.id, actor: { name: "person:ada@example.org", requestId: "r" } });
  await expect.poll(() => status(before, "a-leaked-secret-01"), { timeout: 3_000 }).toBe(401);

  const again = await start("a-leaked-secret-01");
  expect(await status(again, "a-leaked-secret-01")).toBe(401);
  expect(again.warnings).toEqual([
    expect.stringMatching(/^MILLRACE_API_KEY was revoked on 20.* choose another secret$/),
  ]);
  const another = await start("a-new-secret-000002");
  expect(await status(another, "a-new-secret-000002")).toBe(200);
  expect(another.warnings).toEqual([]);
  // Coming back to it by way of another value changes nothing either.
  const back = await start("a-leaked-secret-01");
  expect(await status(back, "a-leaked-secret-01")).toBe(401);
  await Promise.all([before.close(), again.close(), another.close(), back.close()]);
});

test("a key that gave way to another value and was then revoked by a person stays revoked", async () => {
  const start = (apiKey: string) => testInstance(db.open(), { apiKey });
  const one = await start("gave-way-secret-0001");
  const two = await start("took-over-secret-002");
  const gone = await db.database.pool.query<{ id: string }>(
    "SELECT id FROM api_key WHERE created_by = 'MILLRACE_API_KEY' AND revoked_by = 'system' ORDER BY created_at DESC LIMIT 1",
  );
  await two.services.revokeApiKey({
    id: gone.rows[0]?.id ?? "",
    actor: { name: "person:ada@example.org", requestId: "r" },
  });
  const back = await start("gave-way-secret-0001");
  expect(back.warnings).toHaveLength(1);
  await Promise.all([one.close(), two.close(), back.close()]);
});
