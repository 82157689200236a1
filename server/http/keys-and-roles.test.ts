import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { personList, roleList } from "../contract/access.ts";
import { apiKeyList, apiKeySecret, type Scope, scope } from "../contract/api-keys.ts";
import { addPerson } from "./testing/add-person.ts";
import { browser } from "./testing/browser.ts";
import { ADMIN, follow, framesOf, type RunningServer, runningServer } from "./testing/running-server.ts";

let server: RunningServer;

beforeAll(async () => {
  server = await runningServer();
  for (const topic of ["pay.orders", "hr.people"]) await server.declareTopic(topic);
});
afterAll(() => server.close());

function scopesOf(...texts: readonly string[]): Scope[] {
  return texts.map((text) => {
    const [action, pattern, on] = text.split(" ");
    return scope.parse({ action, pattern, ...(on !== undefined && { on }) });
  });
}

async function ask(method: string, path: string, options: { secret?: string; body?: object } = {}) {
  const { secret, body } = options;
  const response = await server.request(`/v1${path}`, {
    method,
    headers: {
      "content-type": "application/json",
      ...(secret !== undefined && { authorization: `Bearer ${secret}` }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as unknown };
}

const statusOf = async (secret: string, path = "/topics/pay.orders") => (await ask("GET", path, { secret })).status;

async function createKey(name: string, ...scopes: readonly string[]) {
  const { status, body } = await ask("POST", "/keys", { body: { name, scopes: scopesOf(...scopes) } });
  expect(status).toBe(201);
  return apiKeySecret.parse(body);
}

async function rotate(id: string, body: object = {}) {
  const answer = await ask("POST", `/keys/${id}/rotate`, { body });
  expect(answer.status).toBe(200);
  return apiKeySecret.parse(answer.body);
}

const tab = async (name: string) => {
  const opened = browser(server.url);
  expect((await opened.signIn(`${name}@roles.example`, ADMIN.password)).status).toBe(200);
  return opened;
};

const auditOf = async (target: string) => {
  const { rows } = await server.database.database.pool.query<{ action: string; actor: string }>(
    "SELECT action, actor FROM audit_entry WHERE target = $1 ORDER BY id",
    [target],
  );
  return rows.map((it) => it.action);
};

describe("a key's secrets", () => {
  test("two are good at once, and a third never", async () => {
    const { key, secret: first } = await createKey("worker", "read pay.*");
    const second = await rotate(key.id);
    expect(second.key).toMatchObject({ id: key.id, name: "worker", scopes: key.scopes });
    expect(Date.parse(second.key.previousUntil ?? "")).toBeGreaterThan(Date.now() + 23 * 3_600_000);
    expect([await statusOf(first), await statusOf(second.secret)]).toEqual([200, 200]);
    const third = await rotate(key.id);
    await expect.poll(() => statusOf(first), { timeout: 10_000 }).toBe(401);
    expect([await statusOf(second.secret), await statusOf(third.secret)]).toEqual([200, 200]);
    expect(await auditOf(`api-key:${third.key.prefix}`)).toEqual(["api-key.rotated"]);
  });

  test("without an overlap the one before ends at once, its streams too", async () => {
    const { key, secret: first } = await createKey("worker", "read pay.*");
    const stream = await follow(server, "pay.orders", { headers: { authorization: `Bearer ${first}` } });
    const second = await rotate(key.id, { overlapMs: 0 });
    expect(second.key.previousUntil).toBeNull();
    await stream.ended;
    await expect.poll(() => statusOf(first), { timeout: 10_000 }).toBe(401);
    expect(await statusOf(second.secret)).toBe(200);
  });

  test("the one before ends when its time is over, and nobody has to ask for it", async () => {
    const { key, secret: first } = await createKey("worker", "read pay.*");
    const second = await rotate(key.id, { overlapMs: 1_500 });
    const stream = await follow(server, "pay.orders", { headers: { authorization: `Bearer ${first}` } });
    await stream.ended;
    expect([await statusOf(first), await statusOf(second.secret)]).toEqual([401, 200]);
  });

  test("revoking ends both", async () => {
    const { key, secret: first } = await createKey("worker", "read pay.*");
    const { secret: second } = await rotate(key.id);
    expect([await statusOf(first), await statusOf(second)]).toEqual([200, 200]);
    expect((await ask("DELETE", `/keys/${key.id}`)).status).toBe(200);
    await expect.poll(() => statusOf(first), { timeout: 10_000 }).toBe(401);
    await expect.poll(() => statusOf(second), { timeout: 10_000 }).toBe(401);
    expect((await ask("POST", `/keys/${key.id}/rotate`, { body: {} })).status).toBe(404);
  });

  test("the key of the environment is changed by its variable alone", async () => {
    const { keys } = apiKeyList.parse((await ask("GET", "/keys")).body);
    const configured = keys.find((it) => it.createdBy === "MILLRACE_API_KEY");
    expect((await ask("POST", `/keys/${configured?.id}/rotate`, { body: {} })).status).toBe(403);
  });
});

describe("a team that administers its own names", () => {
  let secret = "";
  beforeAll(async () => {
    ({ secret } = await createKey("pay's own", "administer pay.*", "publish pay.*", "read pay.*"));
  });
  const create = (...scopes: readonly string[]) =>
    ask("POST", "/keys", { secret, body: { name: "k", scopes: scopesOf(...scopes) } });

  test("makes keys for them, no wider than its own", async () => {
    expect((await create("read pay.*", "publish pay.orders topics")).status).toBe(201);
    for (const wider of ["read pay*", "read *", "read hr.people", "operate pay.orders", "consume pay.x"]) {
      expect((await create("read pay.orders", wider)).status, wider).toBe(403);
    }
  });

  test("sees and ends keys of them, and of no others", async () => {
    const other = await createKey("other", "read hr.people", "read pay.orders");
    const { body } = await ask("GET", "/keys", { secret });
    const seen = apiKeyList.parse(body).keys;
    expect(seen.map((it) => it.name)).toContain("pay's own");
    expect(JSON.stringify(body)).not.toContain("hr.people");
    const refused = [
      await ask("DELETE", `/keys/${other.key.id}`, { secret }),
      await ask("POST", `/keys/${other.key.id}/rotate`, { secret, body: {} }),
    ];
    expect(refused.map((it) => it.status)).toEqual([404, 404]);
    expect(await statusOf(other.secret)).toBe(200);
  });
});

describe("roles", () => {
  const assign = (person: string, ...roles: readonly string[]) =>
    ask("PATCH", `/people/${person}`, { body: { roles } });

  /** The live stream of a page: the topics that it begins with, and its end. */
  async function open(page: ReturnType<typeof browser>) {
    const abort = new AbortController();
    const response = await fetch(`${server.url}/api/trpc/live?input=%7B%7D`, {
      headers: { cookie: page.cookie, accept: "text/event-stream" },
      signal: abort.signal,
    });
    const frames = framesOf(response, abort);
    const isOfTopics = (text: string) => text.includes('"kind":"topics"');
    const seen = await frames.until((all) => all.some((it) => isOfTopics(it.data)));
    const text = seen.find((it) => isOfTopics(it.data))?.data ?? "";
    const topics = [...text.matchAll(/"topic":"([^"]+)"/g)].map((it) => it[1]);
    return { topics, ended: frames.ended.catch(() => undefined) };
  }

  test("what a person may do follows his roles, at his next request and on his open pages", async () => {
    await addPerson(server, "grace", ["viewer"]);
    const page = await tab("grace");
    expect((await page.trpc.topics.list.query()).topics.map((it) => it.topic)).toEqual(["hr.people", "pay.orders"]);
    await expect(page.trpc.topics.declare.mutate({ topic: "pay.new" })).rejects.toMatchObject({
      data: { problem: "forbidden" },
    });
    const { status } = await ask("PUT", "/roles/payments", {
      body: { description: "Their own", scopes: scopesOf("read pay.*", "operate pay.*") },
    });
    expect(status).toBe(201);
    const before = await open(page);
    expect(before.topics).toEqual(["hr.people", "pay.orders"]);
    expect((await assign("grace", "payments")).status).toBe(200);
    await page.trpc.topics.declare.mutate({ topic: "pay.new" });
    const names = async () => (await page.trpc.topics.list.query()).topics.map((it) => it.topic);
    expect(await names()).toEqual(["pay.new", "pay.orders"]);
    // The page connects again by itself.
    await before.ended;
    expect((await open(page)).topics).toEqual(["pay.new", "pay.orders"]);
    expect((await ask("DELETE", "/roles/payments")).status).toBe(200);
    expect(await names()).toEqual([]);
    // One of the same name gives nobody anything.
    await ask("PUT", "/roles/payments", { body: { scopes: scopesOf("read *") } });
    expect(await names()).toEqual([]);
    expect(await auditOf("role:payments")).toEqual(["role.created", "role.deleted", "role.created"]);
    expect(await auditOf("person:grace@roles.example")).toEqual(["person.roles-changed"]);
  });

  test("somebody stays administrator", async () => {
    const { people } = personList.parse((await ask("GET", "/people")).body);
    const admin = people.find((it) => it.email === ADMIN.email);
    const refused = await ask("PATCH", `/people/${admin?.id}`, { body: { roles: ["viewer"] } });
    expect(refused).toMatchObject({ status: 400, body: { errors: [{ field: "roles" }] } });
    await addPerson(server, "second", ["admin"]);
    expect((await assign("second", "viewer")).status).toBe(200);
  });

  test("nobody gives a role, or makes one, that may do more than he", async () => {
    const { secret } = await createKey("people's office", "administer *", "read *");
    await addPerson(server, "linus", []);
    const give = (role: string) => ask("PATCH", "/people/linus", { secret, body: { roles: [role] } });
    expect((await give("viewer")).status).toBe(200);
    expect([(await give("operator")).status, (await give("admin")).status]).toEqual([403, 403]);
    const make = (text: string) => ask("PUT", "/roles/mine", { secret, body: { scopes: scopesOf(text) } });
    expect([(await make("operate *")).status, (await make("read *")).status]).toEqual([403, 201]);
    await ask("PUT", "/roles/strong", { body: { scopes: scopesOf("operate *") } });
    expect((await ask("PUT", "/roles/strong", { secret, body: { scopes: scopesOf("read *") } })).status).toBe(403);
    expect((await ask("DELETE", "/roles/strong", { secret })).status).toBe(403);
  });

  test("fixed roles stay as they are, and an unknown one is not given", async () => {
    const { roles } = roleList.parse((await ask("GET", "/roles")).body);
    expect(roles.filter((it) => it.isFixed).map((it) => it.name)).toEqual(["viewer", "operator", "admin"]);
    expect((await ask("PUT", "/roles/admin", { body: { scopes: scopesOf("read *") } })).status).toBe(400);
    expect((await ask("DELETE", "/roles/viewer")).status).toBe(400);
    expect((await ask("DELETE", "/roles/no-such")).status).toBe(404);
    expect((await ask("PATCH", "/people/no-such", { body: { roles: [] } })).status).toBe(404);
    await addPerson(server, "barbara", []);
    expect((await assign("barbara", "no-such")).status).toBe(400);
  });
});

describe("the audit and the first page", () => {
  test("tell a person of what he may read, page by page", async () => {
    await ask("PUT", "/roles/pay-only", { body: { scopes: scopesOf("read pay.* topics") } });
    await addPerson(server, "ken", ["pay-only"]);
    for (let round = 0; round < 3; round += 1) {
      await ask("PUT", "/topics/hr.people", { body: { description: `round ${round}` } });
      await ask("PUT", "/topics/pay.orders", { body: { description: `round ${round}` } });
    }
    const { trpc } = await tab("ken");
    const targets: string[] = [];
    let before: number | null | undefined;
    while (before !== null) {
      const page = await trpc.audit.list.query({ limit: 2, ...(before !== undefined && { before }) });
      targets.push(...page.entries.map((it) => it.target));
      before = page.next;
    }
    expect(targets.filter((it) => it === "topic:pay.orders").length).toBeGreaterThanOrEqual(4);
    expect(targets.filter((it) => !it.startsWith("topic:pay."))).toEqual([]);
    const overview = await trpc.overview.get.query();
    expect(overview.counts.topics).toBe((await trpc.topics.list.query()).topics.length);
    expect(JSON.stringify(overview)).not.toContain("hr.people");
    expect((await trpc.accounts.rates.query()).points).toEqual([]);
  });

  test("tell a viewer nothing of keys and people, and an administrator everything", async () => {
    await addPerson(server, "viewer", ["viewer"]);
    await addPerson(server, "admin", ["admin"]);
    const kindsOf = async (name: string) => {
      const { entries } = await (await tab(name)).trpc.audit.list.query({ limit: 200 });
      return [...new Set(entries.map((it) => it.target.split(":")[0]))].sort();
    };
    expect(await kindsOf("viewer")).toEqual(["topic"]);
    expect(await kindsOf("admin")).toEqual(["api-key", "person", "role", "topic"]);
  });

  test("a tail of a topic that a person may not read is refused", async () => {
    const { trpc } = await tab("ken");
    const refusal = new Promise<unknown>((resolve) => {
      trpc.live.subscribe({ tail: { topic: "hr.people", after: 0 } }, { onError: resolve });
    });
    expect(await refusal).toMatchObject({ data: { problem: "forbidden" } });
  });
});
