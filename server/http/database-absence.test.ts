import pg from "pg";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type SeverableDatabase, severableDatabase } from "../testing/severable-database.ts";
import { browser } from "./testing/browser.ts";
import { ADMIN, follow, type RunningServer, runningServer } from "./testing/running-server.ts";

let way: SeverableDatabase;
let server: RunningServer;

beforeEach(async () => {
  server = await runningServer({
    via: async (url) => {
      way = await severableDatabase(url);
      return way.url;
    },
    bounds: { connectMs: 1_500, lockMs: 400, statementMs: 1_000, silenceMs: 300 },
    health: { freshMs: 200, answerMs: 800, stalledMs: 600 },
  });
  await server.declareTopic("orders");
  expect((await publish()).status).toBe(201);
});
afterEach(async () => {
  way.letGo();
  await server.close();
  await way.close();
});

const publish = () => server.publish("orders", '{"type":"t"}');
const createKey = () =>
  server.request("/v1/keys", {
    method: "POST",
    body: '{"name":"worker","scopes":[{"action":"read","pattern":"*"}]}',
    headers: { "content-type": "application/json" },
  });
const ready = async () => (await server.request("/readyz")).status;

/** Every answer is a refusal to repeat after a whole number of seconds. */
async function expectUnavailable(answer: Response, detail = expect.any(String)): Promise<void> {
  expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, expect.stringMatching(/^[1-9]\d*$/)]);
  expect(await answer.json()).toMatchObject({ code: "database-unavailable", detail });
}

/** Somebody else's session, which does something to the database until the work is done. */
async function meanwhile(begin: string, work: () => Promise<void>, end = "ROLLBACK"): Promise<void> {
  const other = new pg.Client({ connectionString: server.database.url });
  await other.connect();
  try {
    await other.query(begin);
    await work();
    await other.query(end);
  } finally {
    await other.end();
  }
}

describe("while the database cannot do its work", () => {
  it("packets that vanish: every kind of request is answered 503, readyz says so, and all goes on afterwards", async () => {
    // Several connections, so that each has to be found out.
    await Promise.all(Array.from({ length: 8 }, () => server.request("/v1/topics")));
    way.lose();
    way.holdBack();
    const answers = await Promise.all([
      server.request("/v1/topics"),
      publish(),
      server.request("/v1/consumers/none/state/key"),
      server.request("/v1/keys"),
      createKey(),
    ]);
    for (const answer of answers) await expectUnavailable(answer);
    expect(await ready()).toBe(503);
    await expectUnavailable(await publish());
    way.letGo();
    await expect.poll(ready, { timeout: 10_000 }).toBe(200);
    expect((await publish()).status).toBe(201);
  });

  it("connections lost without a word while new ones are fine: one refusal, and the next publish is stored", async () => {
    await Promise.all(Array.from({ length: 8 }, () => server.request("/v1/topics")));
    way.lose();
    await expectUnavailable(await publish());
    expect((await publish()).status).toBe(201);
    await expect.poll(ready, { timeout: 10_000 }).toBe(200);
  });

  it("a table that somebody has locked: publishes are refused, followers go on, readyz tells", async () => {
    const frames = await follow(server, "orders", { query: "?from=earliest" });
    await frames.until((seen) => seen.some((it) => it.id === "1"));
    await meanwhile("BEGIN; LOCK TABLE event IN SHARE MODE", async () => {
      await expectUnavailable(await publish(), expect.stringContaining("too long"));
      expect(await ready()).toBe(503);
    });
    expect((await publish()).status).toBe(201);
    await frames.until((seen) => seen.some((it) => it.id === "2"));
    await expect.poll(ready, { timeout: 10_000 }).toBe(200);
    frames.close();
  });

  it("a locked table of keys: they are neither listed nor made, and nothing else is refused", async () => {
    await meanwhile("BEGIN; LOCK TABLE api_key", async () => {
      await expectUnavailable(await server.request("/v1/keys"), expect.stringContaining("too long"));
      await expectUnavailable(await createKey(), expect.stringContaining("too long"));
      expect((await publish()).status).toBe(201);
    });
    expect((await createKey()).status).toBe(201);
  });

  it("what queues up behind a flush that waits is answered with it", async () => {
    await meanwhile("BEGIN; SELECT * FROM topic_head FOR UPDATE", async () => {
      const answers = await Promise.all(Array.from({ length: 20 }, publish));
      for (const answer of answers) await expectUnavailable(answer);
    });
    expect((await publish()).status).toBe(201);
  });

  it("a database that takes no writes: 503 for both planes, readyz tells, reads go on", async () => {
    const name = new URL(server.database.url).pathname.slice(1);
    await meanwhile(
      `ALTER DATABASE ${name} SET default_transaction_read_only = on`,
      async () => {
        // New sessions are read-only, so the old ones have to go.
        await server.database.database.pool.query(
          "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'millrace' AND datname = current_database() AND pid <> pg_backend_pid()",
        );
        const refusal = async () => (await (await publish()).json()).detail;
        await expect.poll(refusal, { timeout: 10_000 }).toContain("no writes");
        await expectUnavailable(await publish(), expect.stringContaining("no writes"));
        const declared = { method: "PUT", body: "{}", headers: { "content-type": "application/json" } };
        await expectUnavailable(
          await server.request("/v1/topics/more", declared),
          expect.stringContaining("no writes"),
        );
        expect(await ready()).toBe(503);
        expect((await server.request("/v1/topics/orders/events")).status).toBe(200);
      },
      `ALTER DATABASE ${name} RESET default_transaction_read_only`,
    );
  });

  it("the pages' own requests and sign-in are answered 503 with Retry-After, too", async () => {
    const tab = browser(server.url);
    expect((await tab.signIn(ADMIN.email, ADMIN.password)).status).toBe(200);
    await way.sever();
    const open = await fetch(`${server.url}/api/trpc/setup.status`);
    const personal = await fetch(`${server.url}/api/trpc/topics.list`, { headers: { cookie: tab.cookie } });
    const answers = { open, personal, signIn: await tab.signIn(ADMIN.email, ADMIN.password) };
    const told = Object.entries(answers).map(([name, it]) => [name, it.status, it.headers.get("retry-after")]);
    expect(told).toEqual(Object.keys(answers).map((name) => [name, 503, expect.stringMatching(/^[1-9]\d*$/)]));
    await way.mend();
  });
});
