import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { createWakeups, type Wakeups } from "../engine/wakeups.ts";
import { type ApiKeyAccess, apiKeyAccess } from "../services/access/api-key-access.ts";
import { createApiKey } from "../services/access/create-api-key.ts";
import { revokeApiKey } from "../services/access/revoke-api-key.ts";
import { type TestDatabase, testDatabase } from "../testing/test-database.ts";
import { type ApiKeyChecker, createApiKeyChecker } from "./api-key-checker.ts";

let db: TestDatabase;
const actor = { name: "person:ada@example.org", requestId: "r" };
const closing: (() => Promise<void>)[] = [];

beforeAll(async () => {
  db = await testDatabase();
});
afterAll(async () => {
  for (const close of closing.reverse()) await close();
  await db.drop();
});

interface Instance {
  readonly checker: ApiKeyChecker;
  readonly wakeups: Wakeups;
  readonly access: ApiKeyAccess;
}

/** An instance of its own: own connections, own cache. */
function instance(options: { recheckMs: number; isDeaf?: boolean }): Instance {
  const database = db.open();
  const wakeups = createWakeups(database, { onError: () => undefined });
  const stored = apiKeyAccess({ database });
  const access: ApiKeyAccess = { find: vi.fn(stored.find), ended: vi.fn(stored.ended), touch: vi.fn(stored.touch) };
  const checker = createApiKeyChecker({
    access,
    onKeysChanged: (listener) => (options.isDeaf === true ? () => undefined : wakeups.listen("keys", listener)),
    onError: () => undefined,
    recheckMs: options.recheckMs,
  });
  closing.push(async () => {
    await checker.close();
    await wakeups.close();
  });
  return { checker, wakeups, access };
}

const create = (input: { expiresAt?: string } = {}) =>
  createApiKey({ database: db.database })({
    name: "worker",
    scopes: [{ action: "publish", pattern: "orders.*" }],
    actor,
    ...input,
  });

const ended = (signal: AbortSignal | undefined): Promise<unknown> =>
  new Promise((resolve) => signal?.addEventListener("abort", resolve, { once: true }));

test("a key that was seen is checked at once and without a query", async () => {
  const { checker, access } = instance({ recheckMs: 60_000 });
  const { secret } = await create();
  const [first, second] = await Promise.all([checker.authenticate(secret), checker.authenticate(secret)]);
  expect(second).toBe(first);
  const third = checker.authenticate(secret);
  expect(third).not.toBeInstanceOf(Promise);
  expect(third).toBe(first);
  expect(access.find).toHaveBeenCalledTimes(1);
  expect(first.can("publish", { topic: "orders.eu" })).toBe(true);
  expect(first.can("publish", { topic: "payments" })).toBe(false);
  expect(first.can("read", { topic: "orders.eu" })).toBe(false);
});

test("a revoked key ends its streams at every instance, told by a wake-up", async () => {
  const [here, there] = [instance({ recheckMs: 60_000 }), instance({ recheckMs: 60_000 })];
  const { key, secret } = await create();
  const [a, b] = [await here.checker.authenticate(secret), await there.checker.authenticate(secret)];
  const both = Promise.all([ended(a.signal), ended(b.signal)]);
  await revokeApiKey({ database: db.database, wakeups: here.wakeups })({ id: key.id, actor });
  await both;
  await expect(async () => there.checker.authenticate(secret)).rejects.toMatchObject({ code: "unauthenticated" });
});

test("a revoked key ends its streams also where the wake-up was lost", async () => {
  const { checker } = instance({ recheckMs: 50, isDeaf: true });
  const { key, secret } = await create();
  const identity = await checker.authenticate(secret);
  const end = ended(identity.signal);
  await revokeApiKey({ database: db.database, wakeups: { announce: () => undefined } })({ id: key.id, actor });
  await end;
  await expect(async () => checker.authenticate(secret)).rejects.toMatchObject({ code: "unauthenticated" });
});

test("a key ends when it expires", async () => {
  const { checker } = instance({ recheckMs: 20 });
  const { secret } = await create({ expiresAt: new Date(Date.now() + 400).toISOString() });
  const identity = await checker.authenticate(secret);
  await ended(identity.signal);
  await expect(async () => checker.authenticate(secret)).rejects.toMatchObject({ code: "unauthenticated" });
});

test("a key's last use is noted, once a minute at most", async () => {
  const { checker, access } = instance({ recheckMs: 10 });
  const { key, secret } = await create();
  await checker.authenticate(secret);
  const lastUsed = async () =>
    (await db.database.pool.query("SELECT last_used_at FROM api_key WHERE id = $1", [key.id])).rows[0].last_used_at;
  await expect.poll(lastUsed).not.toBeNull();
  const rechecks = vi.mocked(access.ended).mock.calls.length;
  checker.authenticate(secret);
  await expect.poll(() => vi.mocked(access.ended).mock.calls.length).toBeGreaterThan(rechecks + 2);
  expect(access.touch).toHaveBeenCalledTimes(1);
});

test("only the hash of a secret is stored, and creating and revoking leave audit rows", async () => {
  const { key, secret } = await create();
  const revoke = revokeApiKey({ database: db.database, wakeups: { announce: () => undefined } });
  await revoke({ id: key.id, actor });
  await revoke({ id: key.id, actor });
  const row = await db.database.pool.query("SELECT api_key::text FROM api_key WHERE id = $1", [key.id]);
  expect(row.rows[0].api_key).not.toContain(secret.slice(12));
  const audit = await db.database.pool.query("SELECT action FROM audit_entry WHERE target = $1 ORDER BY id", [
    `api-key:${key.prefix}`,
  ]);
  expect(audit.rows.map((it) => it.action)).toEqual(["api-key.created", "api-key.revoked"]);
});
