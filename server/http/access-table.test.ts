import { readdirSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { scope } from "../contract/api-keys.ts";
import { restRoutes } from "../trpc/rest.ts";
import { appRouter } from "../trpc/router.ts";
import { createDataPlane, type DataPlaneDeps } from "./data-plane.ts";
import { openApiDocument } from "./openapi/document.ts";
import {
  KEYS,
  type KeyName,
  OPEN_PAGES,
  PROCEDURE_ROWS,
  type ProcedureRow,
  REST_ROWS,
  type RestRow,
} from "./testing/access-rows.ts";
import { addPerson } from "./testing/add-person.ts";
import { browser } from "./testing/browser.ts";
import { ADMIN, type RunningServer, runningServer, SECRET } from "./testing/running-server.ts";

// Every route × every caller, with one expected answer each. The routes come from the routers and from the OpenAPI
// document: whoever adds one says here who may use it.

const cookieNames = vi.hoisted((): string[] => []);
vi.mock("next/headers", () => ({ cookies: async () => ({ getAll: () => cookieNames.map((name) => ({ name })) }) }));
vi.mock("@/components/shell/shell.tsx", () => ({ Shell: function Shell() {} }));
vi.mock("@/components/shell/sign-in-first.tsx", () => ({ SignInFirst: function SignInFirst() {} }));

interface Procedure {
  readonly _def: {
    readonly type: "query" | "mutation" | "subscription";
    readonly meta?: { readonly openapi?: { readonly method: string; readonly path: string } };
  };
}
const PROCEDURES = Object.entries(appRouter._def.procedures as unknown as Readonly<Record<string, Procedure>>);
const DOCUMENTED = Object.entries(openApiDocument("0.0.0").paths ?? {}).flatMap(([path, methods]) =>
  Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
);

/** Of an event's data and key, and of a failure: what only those see who may read the topic. */
const CONFIDENTIAL = "confidential";
/** Who no key belongs to, or no longer. */
/** Roles, and the key that may do the same. */
const ROLES = {
  viewer: "read",
  operator: "operator",
  admin: "all",
  elsewhere: "elsewhere",
  "topic-only": "topicOnly",
  "on-consumers": "onConsumers",
} as const satisfies Record<string, KeyName>;
type Role = keyof typeof ROLES | "none";
const STRANGERS = ["nobody", "wrong", "revoked", "expired", "cookie"] as const;

let server: RunningServer;
let person: ReturnType<typeof browser>;
/** People by their role, each with the cookie of a session. */
const cookies = new Map<Role, string>();
let ids = { binned: "", operation: "", rotated: "", revoked: "", person: "", alert: "" };
const authorizations = new Map<string, Record<string, string>>();

beforeAll(async () => {
  server = await runningServer();
  person = browser(server.url);
  expect((await person.signIn(ADMIN.email, ADMIN.password)).status).toBe(200);
  await server.declareTopic("orders");
  const { token } = await send("DELETE", "/topics/orders?dryRun=true");
  const { removed } = await send("DELETE", `/topics/orders?reason=anew&token=${token}`);
  await server.declareTopic("orders");
  await server.publish("orders", JSON.stringify({ type: CONFIDENTIAL, id: "1", key: "k", data: CONFIDENTIAL }));
  await send("PUT", "/consumers/mail", { body: { topics: [{ topic: "orders", start: "earliest" }] } });
  await parkOne();
  const { id } = await send("POST", "/consumers/mail/discards", {
    body: { filter: { topic: "orders", state: "blocked" }, reason: "for the table" },
  });
  const operation = String(id);
  await vi.waitFor(async () => expect((await send("GET", `/operations/${operation}`)).status).toBe("done"), 10_000);
  const ofOrders = [scopeOf("read orders topics")];
  const rotated = await server.createKey(ofOrders);
  const discarded = await server.createKey(ofOrders);
  await send("PUT", "/roles/team", { body: { scopes: ofOrders } });
  ids = {
    binned: (removed as { id: string }).id,
    operation,
    rotated: rotated.id,
    revoked: discarded.id,
    person: await addPerson(server, "target", ["viewer"]),
    alert: await addAlert(),
  };
  for (const [role, key] of Object.entries(ROLES)) {
    const isOwn = !["viewer", "operator", "admin"].includes(role);
    if (isOwn) await send("PUT", `/roles/${role}`, { body: { scopes: KEYS[key].map(scopeOf) } });
    await addPerson(server, role, [role]);
  }
  await addPerson(server, "none", []);
  for (const role of [...(Object.keys(ROLES) as Role[]), "none" as const]) {
    const tab = browser(server.url);
    expect((await tab.signIn(`${role}@roles.example`, ADMIN.password)).status).toBe(200);
    cookies.set(role, tab.cookie);
  }

  for (const [name, scopes] of Object.entries(KEYS)) {
    const { secret } = await server.createKey(scopes.map(scopeOf));
    authorizations.set(name, { authorization: `Bearer ${secret}` });
  }
  const revoked = await server.createKey(KEYS.all.map(scopeOf));
  const expired = await server.createKey(KEYS.all.map(scopeOf));
  await server.revokeKey(revoked.id);
  await server.database.database.pool.query("UPDATE api_key SET expires_at = created_at WHERE id = $1", [expired.id]);
  authorizations.set("nobody", {});
  authorizations.set("wrong", { authorization: "Bearer mr_wrong_0123456789abcdefghijklmnopqrstuvwxyz" });
  authorizations.set("revoked", { authorization: `Bearer ${revoked.secret}` });
  authorizations.set("expired", { authorization: `Bearer ${expired.secret}` });
  authorizations.set("cookie", { cookie: person.cookie });
  authorizations.set("elsewhereInBrowser", {
    authorization: `Bearer ${SECRET}`,
    origin: "https://elsewhere.example",
    "sec-fetch-site": "cross-site",
  });
});
afterAll(() => server.close());

function scopeOf(text: string) {
  const [action = "", pattern = "", on] = text.split(" ");
  return scope.parse({ action, pattern, ...(on !== undefined && { on }) });
}

/** By the key that may do everything. */
async function send(method: string, path: string, { body }: { body?: object } = {}): Promise<Record<string, unknown>> {
  const response = await server.request(`/v1${path}`, {
    method,
    headers: { "content-type": "application/json" },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  if (response.status >= 300) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  return (await response.json()) as Record<string, unknown>;
}

/** That the consumer has a dead letter. */
async function addAlert(): Promise<string> {
  const { rows } = await server.database.database.pool.query<{ id: string }>(
    `INSERT INTO alert (id, rule, severity, measure, above, subject_kind, subject, since, opened_at, value, worst)
     VALUES (gen_random_uuid(), 'dead-letters', 'ticket', 'dead-letters', 0, 'consumer', 'mail', now(), now(), 1, 1)
     RETURNING id`,
  );
  return rows[0]?.id ?? "";
}

/** A dead letter, with words about an event in it. */
async function parkOne(): Promise<void> {
  const pulled = await send("POST", "/consumers/mail/deliveries", { body: { member: "first", waitMs: 5_000 } });
  const [first] = pulled.deliveries as { delivery: Record<string, unknown> }[];
  const { topic, partition, epoch, offset } = first?.delivery ?? {};
  const error = { name: "Error", message: CONFIDENTIAL };
  await send("POST", "/consumers/mail/settlements", {
    body: { settlements: [{ topic, partition, epoch, offset, outcome: "dead-letter", error }] },
  });
}

/** The status and what was said. Of a stream, what was said before it goes on. */
async function ask(url: string, init: RequestInit): Promise<{ status: number; text: string }> {
  const abort = new AbortController();
  const response = await fetch(url, { ...init, signal: abort.signal });
  const isStream = response.headers.get("content-type")?.startsWith("text/event-stream") === true;
  const answered = { status: response.status, text: isStream ? "" : await response.text() };
  abort.abort();
  return answered;
}

function idIn(path: string): string {
  if (path.startsWith("/bin")) return ids.binned;
  if (path.startsWith("/people")) return ids.person;
  if (path.startsWith("/alerts")) return ids.alert;
  if (path.startsWith("/keys")) return path.endsWith("/rotate") ? ids.rotated : ids.revoked;
  return ids.operation;
}

function requestOf(operation: string, row: RestRow, caller: string): { url: string; init: RequestInit } {
  const [method = "", template = ""] = operation.split(" ");
  const values: Record<string, string> = {
    topic: "orders",
    consumer: "mail",
    offset: "1",
    key: "k",
    member: "first",
    id: idIn(template),
    // A fixed role is not deleted.
    role: method === "DELETE" ? "viewer" : "team",
    rule: method === "DELETE" ? "no-such" : "dead-letters",
  };
  const path = template.replaceAll(/\{(\w+)\}/g, (_, name: string) => values[name] ?? name);
  const isBare = ["/healthz", "/readyz", "/metrics"].includes(path);
  const query = row.query === undefined ? "" : `?${row.query.replace("{caller}", caller)}`;
  return {
    url: `${server.url}${isBare ? "" : "/v1"}${path}${query}`,
    init: {
      method,
      headers: {
        ...authorizations.get(caller),
        ...(row.isStream === true && { accept: "text/event-stream" }),
        ...(row.body !== undefined && { "content-type": "application/json" }),
      },
      ...(row.body !== undefined && { body: JSON.stringify(row.body) }),
    },
  };
}

const rowsOf = (operation: string): readonly RestRow[] => [REST_ROWS[operation] ?? []].flat();

function expectedOf(row: RestRow, caller: string): number {
  if (row.open === "always") return row.answer;
  if (row.open === "checks-key" && (caller === "nobody" || caller === "cookie")) return row.answer;
  if ((STRANGERS as readonly string[]).includes(caller)) return 401;
  if (caller === "elsewhereInBrowser") return row.answer;
  if (row.admits.includes(caller as KeyName)) return row.answer;
  return row.instead?.[caller as KeyName] ?? 403;
}

/** Names that the key may do nothing to: no answer speaks of them, unless the request did. */
const UNSEEN_NAMES: Partial<Record<string, readonly string[]>> = {
  elsewhere: ["mail", "orders"],
  topicOnly: ["mail"],
  onTopics: ["mail"],
  ...Object.fromEntries(STRANGERS.map((it) => [it, ["mail", "orders"]])),
};
const MAY_READ_EVENTS = new Set(["read", "topicOnly", "onTopics", "operator", "all", "elsewhereInBrowser"]);

/** Says nothing of names that the caller may do nothing to, unless he said them himself. */
function expectUnsaid(text: string, { caller, of }: { readonly caller: string; readonly of: string }): void {
  for (const [name, word] of [
    ["mail", "consumer"],
    ["orders", "topic"],
  ] as const) {
    const isAsked = of.includes(`{${word}}`) || of.includes(name);
    if (UNSEEN_NAMES[caller]?.includes(name) === true && !isAsked) {
      expect(text, `${of}, ${caller}`).not.toMatch(new RegExp(`\\b${name}\\b`));
    }
  }
}

describe("under /v1", () => {
  test("every operation has a row, and every route that is mounted by hand is an operation", () => {
    expect(Object.keys(REST_ROWS).sort()).toEqual([...DOCUMENTED].sort());
    const { routes } = createDataPlane({ services: {}, members: {}, metrics: {} } as unknown as DataPlaneDeps);
    const shadowed = routes.map((it) => it.replaceAll(/:(\w+)/g, "{$1}").replace("/v1", ""));
    expect(shadowed.filter((it) => !DOCUMENTED.includes(it))).toEqual([]);
    expect(new Set([...shadowed, ...restRoutes.map((it) => `${it.method} ${it.path}`), "GET /openapi.json"])).toEqual(
      new Set(DOCUMENTED),
    );
  });

  test.each(Object.keys(REST_ROWS))("%s", async (operation) => {
    const cells: Record<string, number> = {};
    const expected: Record<string, number> = {};
    for (const [index, row] of rowsOf(operation).entries()) {
      const answers = await Promise.all(
        [...authorizations.keys()].map(async (caller) => {
          const { url, init } = requestOf(operation, row, caller);
          return { caller, ...(await ask(url, init)) };
        }),
      );
      for (const { caller, status, text } of answers) {
        cells[`${index} ${caller}`] = status;
        expected[`${index} ${caller}`] = expectedOf(row, caller);
        if (row.open !== undefined) continue;
        if (!MAY_READ_EVENTS.has(caller)) expect(text, `${operation}, ${caller}`).not.toContain(CONFIDENTIAL);
        expectUnsaid(text, { caller, of: `${operation} ${row.query ?? ""} ${JSON.stringify(row.body ?? {})}` });
      }
    }
    expect(cells).toEqual(expected);
  });
});

describe("under /api/trpc", () => {
  const withoutRest = PROCEDURES.filter(([, it]) => it._def.meta?.openapi === undefined).map(([name]) => name);

  test("every procedure has a row, here or as an operation", () => {
    expect(Object.keys(PROCEDURE_ROWS).sort()).toEqual(withoutRest.sort());
  });

  test.each(PROCEDURES)("%s", async (name, { _def: { type, meta } }) => {
    const row = PROCEDURE_ROWS[name] ?? asProcedure(meta?.openapi);
    const own = { cookie: person.cookie, origin: server.url };
    const stranger = row.for === "anybody" ? row.answer : 401;
    const callers: Record<string, [Record<string, string>, number]> = {
      nobody: [{}, stranger],
      // A key is no session.
      key: [{ authorization: `Bearer ${SECRET}` }, stranger],
      "a session that is none": [{ cookie: "millrace.session_token=no.such" }, stranger],
      "the first administrator": [own, row.answer],
      "another origin": [{ ...own, origin: "https://elsewhere.example" }, 403],
      "another port": [{ ...own, origin: "http://127.0.0.1:1" }, 403],
      "another site": [{ cookie: person.cookie, "sec-fetch-site": "cross-site" }, 403],
    };
    for (const [role, cookie] of cookies) callers[role] = [{ cookie, origin: server.url }, expectedOfRole(row, role)];
    const json = JSON.stringify(row.input ?? {});
    const input = encodeURIComponent(json);
    const cells: Record<string, number> = {};
    const askAs = async (caller: string, headers: Record<string, string>): Promise<void> => {
      const url = `${server.url}/api/trpc/${name}`;
      const post = { method: "POST", headers: { ...headers, "content-type": "application/json" }, body: json };
      const { status, text } =
        type === "subscription"
          ? await askStream(`${url}?input=${input}`, headers)
          : await (type === "query" ? ask(`${url}?input=${input}`, { headers }) : ask(url, post));
      cells[caller] = status;
      const asKey = caller === "none" ? "elsewhere" : ROLES[caller as keyof typeof ROLES];
      // His own scopes are told to everybody, in whatever words they are written.
      if (asKey !== undefined && name !== "session.current") {
        expectUnsaid(text, { caller: asKey, of: json });
        if (!MAY_READ_EVENTS.has(asKey)) expect(text, `${name}, ${caller}`).not.toContain(CONFIDENTIAL);
      }
      // By a link, which a browser follows with its cookie.
      if (type === "mutation") expect((await ask(`${url}?input=${input}`, { headers: own })).status).toBe(405);
    };
    await Promise.all(Object.entries(callers).map(([caller, [headers]]) => askAs(caller, headers)));
    expect(cells).toEqual(Object.fromEntries(Object.entries(callers).map(([caller, [, status]]) => [caller, status])));
  });

  function expectedOfRole(row: ProcedureRow, role: Role): number {
    if (row.for === "anybody" || row.for === "everyone") return row.answer;
    if (role === "none")
      return row.instead?.elsewhere ?? (row.for.length === Object.keys(KEYS).length ? row.answer : 403);
    return row.for.includes(ROLES[role]) ? row.answer : (row.instead?.[ROLES[role]] ?? 403);
  }

  /** A subscription's refusal is its first message; its status is 200 in any case. */
  async function askStream(url: string, headers: Record<string, string>): Promise<{ status: number; text: string }> {
    const response = await fetch(url, { headers: { ...headers, accept: "text/event-stream" } });
    let text = "";
    const decoder = new TextDecoder();
    for await (const bytes of response.body as unknown as AsyncIterable<Uint8Array>) {
      text += decoder.decode(bytes, { stream: true });
      const refused = /"httpStatus":(\d+)/.exec(text)?.[1];
      if (refused !== undefined) return { status: Number(refused), text };
      if (["topics", "consumers", "consumer", "operations"].every((it) => text.includes(`"kind":"${it}"`))) {
        return { status: response.status, text };
      }
    }
    throw new Error(`the stream ended with ${text}`);
  }

  /** A role does what the key of the same scopes does. */
  function asProcedure(openapi: { readonly method: string; readonly path: string } | undefined): ProcedureRow {
    const row = rowsOf(`${openapi?.method} ${openapi?.path}`)[0];
    const query = Object.fromEntries(
      [...new URLSearchParams(row?.query)].map(([name, value]) => [name, /^\d+$/.test(value) ? Number(value) : value]),
    );
    const path = openapi?.path ?? "";
    const values: Record<string, unknown> = {
      topic: "orders",
      consumer: "mail",
      offset: 1,
      key: "k",
      id: idIn(path),
      role: openapi?.method === "DELETE" ? "viewer" : "team",
      rule: openapi?.method === "DELETE" ? "no-such" : "dead-letters",
    };
    const inPath = [...path.matchAll(/\{(\w+)\}/g)].map((it) => [it[1], values[it[1] ?? ""]]);
    return {
      for: row?.admits ?? [],
      // What starts something or makes something answers 200 by tRPC.
      answer: row === undefined || row.answer < 300 ? 200 : row.answer,
      input: { ...query, ...row?.body, ...Object.fromEntries(inPath) },
      ...(row?.instead !== undefined && { instead: row.instead }),
    };
  }
});

describe("pages", () => {
  const pages = readdirSync("app", { recursive: true, encoding: "utf8" })
    .filter((it) => it.endsWith("page.tsx"))
    .map((it) => it.replace(/\/?page\.tsx$/, ""));

  test("every page has a row, or lies in the room, whose door asks for a session", () => {
    expect(pages.filter((it) => !it.startsWith("(room)")).sort()).toEqual([...OPEN_PAGES]);
  });

  test.each([
    ["nobody", [], "SignInFirst"],
    ["another cookie", ["theme"], "SignInFirst"],
    ["person", ["millrace.session_token"], "Shell"],
    ["person by HTTPS", ["__Secure-millrace.session_token"], "Shell"],
  ])("%s", async (_, names, shown) => {
    cookieNames.splice(0, cookieNames.length, ...names);
    const { default: RoomLayout } = await import("../../app/(room)/layout.tsx");
    const element = await RoomLayout({ children: "the page" });
    expect((element.type as unknown as { name: string }).name).toBe(shown);
  });
});
