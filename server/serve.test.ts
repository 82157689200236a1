import type { Server } from "node:http";
import { type AddressInfo, connect, createServer } from "node:net";
import pg from "pg";
import { afterEach, expect, it } from "vitest";
import { parseEnvironment } from "./environment.ts";
import { type RunningServer, type ServeOptions, serve } from "./serve.ts";
import { type TestDatabase, testDatabase } from "./testing/test-database.ts";

let database: TestDatabase;
let server: RunningServer | null = null;

afterEach(async () => {
  await server?.close();
  server = null;
  await database.drop();
});

async function start(pages?: ServeOptions["pages"], more: Record<string, string> = {}): Promise<RunningServer> {
  database = await testDatabase();
  server = await serve({
    environment: parseEnvironment({ PORT: "0", DATABASE_CONNECTIONS: "10", ...more }),
    databaseUrl: database.applicationUrl,
    ownerUrl: database.url,
    log: () => undefined,
    root: process.cwd(),
    ...(pages === undefined ? {} : { pages }),
  });
  return server;
}

/** What is answered to a request as Java's HttpClient sends it by default; null when the socket ends without a word. */
function askWithUpgrade(url: string, path: string): Promise<number | null> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname);
    let said = "";
    socket.on("data", (chunk: Buffer) => {
      said += chunk.toString();
      const status = /^HTTP\/1\.1 (\d{3})/.exec(said)?.[1];
      if (status === undefined) return;
      socket.destroy();
      resolve(Number(status));
    });
    socket.on("close", () => resolve(null));
    socket.on("error", reject);
    socket.write(
      `GET ${path} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nConnection: Upgrade, HTTP2-Settings\r\n` +
        "Upgrade: h2c\r\nHTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA\r\n\r\n",
    );
  });
}

it.each(["/healthz", "/v1/topics", "/api/trpc/session.current", "/login"])(
  "answers %s as ever when the request would like another protocol",
  async (path) => {
    const { url } = await start({ handle: (_req, res) => void res.end("page") });
    const plain = await fetch(url + path);
    expect(await askWithUpgrade(url, path)).toBe(plain.status);
  },
);

it("in development hands over the pages' own sockets and ends every other", async () => {
  const { url } = await start({
    handle: (_req, res) => void res.end("page"),
    upgrade: (_req, socket) => void socket.end("HTTP/1.1 101 Switching Protocols\r\n\r\n"),
  });
  expect(await askWithUpgrade(url, "/_next/webpack-hmr")).toBe(101);
  expect(await askWithUpgrade(url, "/healthz")).toBe(501);
});

it("stops although somebody holds a socket that the server gave away", async () => {
  const running = await start({
    handle: (req, res) => {
      // As a library does that wants the upgrades of whatever server it is mounted on.
      const { server: owner } = req.socket as typeof req.socket & { server: Server };
      owner.on("upgrade", () => undefined);
      res.end("page");
    },
  });
  await fetch(`${running.url}/login`);
  const forgotten = askWithUpgrade(running.url, "/healthz");
  expect((await fetch(`${running.url}/healthz`)).status).toBe(200);
  await running.close();
  server = null;
  expect(await forgotten).toBeNull();
});

it("counts requests of every plane by method, route and status", async () => {
  const { url } = await start();
  await fetch(`${url}/v1/topics`);
  await fetch(`${url}/v1/topics/absent/events`, { headers: { authorization: "Bearer wrong" } });
  await fetch(`${url}/api/trpc/topics.list`);
  await fetch(`${url}/api/auth/sign-in/email`, {
    method: "POST",
    headers: { "content-type": "application/json", origin: url },
    body: JSON.stringify({ email: "nobody@example.org", password: "wrong password" }),
  });
  const metrics = async () => (await fetch(`${url}/metrics`)).text();
  const line = (route: string, status: number, method = "GET") =>
    `millrace_http_requests_total{method="${method}",route="${route}",status="${status}"} 1`;
  await expect.poll(metrics).toContain(line("/api/auth/sign-in/email", 401, "POST"));
  const text = await metrics();
  expect(text).toContain(line("/v1/* (control)", 401));
  expect(text).toContain(line("/v1/topics/{topic}/events", 401));
  expect(text).toContain(line("/api/trpc/*", 401));
  expect(text).not.toMatch(/status="[^"\d]/);
});

it("serves as a role that owns nothing and cannot touch the audit, whatever it sets", async () => {
  await start();
  const client = new pg.Client({ connectionString: database.applicationUrl });
  await client.connect();
  const refusal = (statement: string) =>
    client.query(statement).then(
      () => "done",
      (error: Error) => error.message,
    );
  try {
    expect(await client.query("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")).toMatchObject({
      rows: [{ rolsuper: false }],
    });
    await client.query("SELECT set_config('millrace.retention', 'on', false)");
    for (const statement of [
      "DELETE FROM audit_entry",
      "UPDATE audit_entry SET actor = 'x'",
      "TRUNCATE audit_entry",
      "UPDATE event SET type = 'x'",
      "SELECT pg_read_file('/etc/passwd')",
    ]) {
      expect(await refusal(statement)).toMatch(/permission denied/);
    }
    expect(await refusal("ALTER TABLE audit_entry DISABLE TRIGGER ALL")).toMatch(/must be owner/);
  } finally {
    await client.end();
  }
});

it("refuses the owner, too, to rewrite the audit under the setting that lets retention work", async () => {
  await start(undefined, { MILLRACE_API_KEY: "leaves-an-audit-row-1" });
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  try {
    await client.query("SELECT set_config('millrace.retention', 'on', false)");
    expect((await client.query("SELECT 1 FROM audit_entry")).rowCount).toBeGreaterThan(0);
    for (const statement of ["DELETE FROM audit_entry", "UPDATE audit_entry SET actor = 'x'", "TRUNCATE audit_entry"]) {
      await expect(client.query(statement)).rejects.toThrow("audit_entry is append-only");
    }
    await client.query("DELETE FROM event");
  } finally {
    await client.end();
  }
});

it("gives pages and the control room's answers headers against framing, sniffing and keeping", async () => {
  const { url } = await start({ handle: (_req, res) => void res.end("page") });
  for (const path of ["/login", "/api/trpc/session.current", "/api/auth/get-session", "/api/nowhere"]) {
    const { headers } = await fetch(url + path);
    expect(headers.get("content-security-policy")).toContain("frame-ancestors 'none'");
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("referrer-policy")).toBe("no-referrer");
    if (path.startsWith("/api/")) expect(headers.get("cache-control")).toContain("no-store");
  }
});

it("answers /metrics on a port of its own where there is one, with the token, and nothing else there", async () => {
  const token = "a-token-of-my-own-1";
  const { url, metricsUrl } = await start(undefined, { METRICS_PORT: "0", METRICS_TOKEN: token });
  const { origin } = new URL(metricsUrl);
  const bearer = { headers: { authorization: `Bearer ${token}` } };
  expect(origin).not.toBe(url);
  expect((await fetch(metricsUrl)).status).toBe(401);
  const page = await fetch(metricsUrl, bearer);
  expect(page.headers.get("content-type")).toMatch(/^text\/plain; version=0\.0\.4/);
  expect(await page.text()).toContain("millrace_database_up 1");
  expect((await fetch(metricsUrl, { ...bearer, method: "POST" })).status).toBe(405);
  for (const path of ["/", "/v1/topics", "/healthz", "/metrics/x"]) {
    expect([path, (await fetch(origin + path, bearer)).status]).toEqual([path, 404]);
  }
  expect((await fetch(`${url}/metrics`, bearer)).status).toBe(404);
  await server?.close();
  server = null;
  await expect(fetch(metricsUrl, bearer)).rejects.toThrow();
});

it("says so when the port of the metrics is taken, and lets go of everything", async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
  const { port } = other.address() as AddressInfo;
  await expect(start(undefined, { METRICS_PORT: String(port) })).rejects.toThrow(
    `Port ${port} is taken. Name another one for the metrics in METRICS_PORT.`,
  );
  other.close();
});

it("asks for the token of /metrics where there is one, and for nothing else's", async () => {
  const { url } = await start(undefined, {
    METRICS_TOKEN: "a-token-of-my-own-1",
    MILLRACE_API_KEY: "a-key-of-my-own-001",
  });
  const status = async (bearer?: string) =>
    (await fetch(`${url}/metrics`, bearer === undefined ? {} : { headers: { authorization: `Bearer ${bearer}` } }))
      .status;
  expect(await status()).toBe(401);
  expect(await status("a-key-of-my-own-001")).toBe(401);
  expect(await status("a-token-of-my-own-")).toBe(401);
  expect(await status("a-token-of-my-own-1")).toBe(200);
  expect((await fetch(`${url}/healthz`)).status).toBe(200);
  expect((await fetch(`${url}/readyz`)).status).toBe(200);
});
