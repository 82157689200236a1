import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { compose } from "./compose.ts";
import type { DatabaseHealthOptions } from "./engine/database-health.ts";
import type { Environment } from "./environment.ts";
import { boundConnections } from "./http/connection-bounds.ts";
import { createControlPlane } from "./http/control-plane.ts";
import { createDataPlane, type DataPlane } from "./http/data-plane.ts";
import { refusedMethod } from "./http/known-methods.ts";
import { type MetricsServer, openMetricsServer } from "./http/metrics-server.ts";
import { isLoopback, reachableUrl } from "./listening-address.ts";
import type { Log } from "./log.ts";
import { StartupError } from "./startup-error.ts";
import { BoundedClient, type DatabaseBounds, DEFAULT_BOUNDS } from "./store/bounded-client.ts";
import { checkDatabase } from "./store/check-database.ts";
import { grantToApplication } from "./store/grant-application.ts";
import { applySessionSettings } from "./store/members/session-settings.ts";
import { migrate } from "./store/migrate.ts";

export interface ServeOptions {
  readonly environment: Environment;
  readonly databaseUrl: string;
  /** Of the role that owns the tables, for the migrations; absent: the one that serves does. */
  readonly ownerUrl?: string;
  readonly log: Log;
  /** The project's folder: `prisma/migrations` and `package.json` stand in it. */
  readonly root: string;
  /** How long the database may take, and how often it is looked at. Absent: the defaults. */
  readonly bounds?: Partial<DatabaseBounds>;
  readonly health?: DatabaseHealthOptions;
  /** Ends the waiting for a database that is not up yet. */
  readonly signal?: AbortSignal;
  /** Renders the pages; absent, every other address answers 404. */
  readonly pages?: {
    readonly handle: (req: IncomingMessage, res: ServerResponse) => void;
    readonly upgrade?: (req: IncomingMessage, socket: Duplex, head: Buffer) => void;
  };
}

export interface RunningServer {
  readonly url: string;
  /** Where `/metrics` is answered. */
  readonly metricsUrl: string;
  /** The one-time set-up link, or null once somebody can sign in. */
  readonly setupLink: string | null;
  /** Refuses what is new, ends streams, answers what is queued, frees leases; bounded. */
  close(): Promise<void>;
}

/** For what a browser shows and what it asks for with a cookie; the data plane's answers are no pages. */
const PAGE_HEADERS = [
  ["content-security-policy", "frame-ancestors 'none'; object-src 'none'; base-uri 'none'; form-action 'self'"],
  ["x-frame-options", "DENY"],
  ["x-content-type-options", "nosniff"],
  ["referrer-policy", "no-referrer"],
  ["cross-origin-opener-policy", "same-origin"],
] as const;

const IS_DATA_PLANE = /^\/(?:v1(?:[/?]|$)|(?:healthz|readyz|metrics)(?:\?|$))/;

/** A new index on a great table takes its time, and another instance may be at it. */
const MIGRATION_BOUNDS = { ...DEFAULT_BOUNDS, lockMs: 600_000, statementMs: 1_800_000 };

/** Migrates, composes and listens: the data plane first, then the control plane, then the pages. */
export async function serve(options: ServeOptions): Promise<RunningServer> {
  const { environment, databaseUrl, log, root } = options;
  const schema = await prepareDatabase(options);
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };

  const parts = await compose({
    databaseUrl,
    schema,
    maxConnections: environment.DATABASE_CONNECTIONS,
    log,
    ...(options.bounds !== undefined && { bounds: options.bounds }),
    ...(options.health !== undefined && { health: options.health }),
    ...(environment.MILLRACE_ADMIN_EMAIL === undefined || environment.MILLRACE_ADMIN_PASSWORD === undefined
      ? {}
      : { admin: { email: environment.MILLRACE_ADMIN_EMAIL, password: environment.MILLRACE_ADMIN_PASSWORD } }),
    ...(environment.MILLRACE_API_KEY === undefined ? {} : { apiKey: environment.MILLRACE_API_KEY }),
  });
  const onError = (error: unknown) => log("error", "a request failed", { error });
  const controlPlane = createControlPlane({ ...parts, version, onError });
  const dataPlane = createDataPlane({
    ...parts,
    authenticate: parts.access.authenticate,
    control: controlPlane.rest,
    checkDatabase: parts.health.check,
    limits: { maxEventBytes: environment.MAX_EVENT_BYTES },
    metrics: {
      figures: parts.figures,
      vitals: parts.vitals,
      isElsewhere: environment.METRICS_PORT !== undefined,
      ...(environment.METRICS_TOKEN === undefined ? {} : { token: environment.METRICS_TOKEN }),
    },
    log: (level, { message, ...line }) => log(level, message, line),
  });

  const { pages } = options;
  const server = createServer((req, res) => {
    if (!connections.admit(res)) return;
    const url = req.url ?? "/";
    if (refusedMethod(req, res)) return;
    if (IS_DATA_PLANE.test(url)) return dataPlane.handle(req, res);
    for (const [name, value] of PAGE_HEADERS) res.setHeader(name, value);
    if (url.startsWith("/api/")) {
      // Answers hold secrets that are shown once, and what one person may see.
      res.setHeader("cache-control", "no-store");
      res.once("close", () => dataPlane.countRequest(req.method ?? "", controlRouteOf(url), res.statusCode));
      controlPlane.handle(req, res);
    } else if (pages !== undefined) pages.handle(req, res);
    else res.writeHead(404).end();
  });
  const connections = boundConnections(server, {
    onRefused: (count) => log("warn", "connections refused: there are too many", { count, max: server.maxConnections }),
  });
  // Without a listener Node answers a request with an Upgrade header as any other. With one, it answers none itself.
  const upgrade = pages?.upgrade;
  if (upgrade !== undefined) {
    server.on("upgrade", (req, socket, head) => {
      if (req.url?.startsWith("/_next/")) upgrade(req, socket, head);
      else socket.end("HTTP/1.1 501 Not Implemented\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
    });
  }
  // A request must arrive whole within half a minute; a response may stream for days.
  server.requestTimeout = 30_000;
  server.headersTimeout = 10_000;
  server.keepAliveTimeout = 65_000;
  server.maxRequestsPerSocket = 0;
  let metricsServer: MetricsServer | null = null;
  try {
    metricsServer = await openMetrics(dataPlane, environment);
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(environment.PORT, environment.HOST, resolve);
    });
  } catch (error) {
    await Promise.allSettled([metricsServer?.close(), parts.close()]);
    throw error;
  }
  const { port } = server.address() as AddressInfo;
  const url = reachableUrl(environment.HOST, port);
  const metricsUrl = `${metricsServer === null ? url : reachableUrl(environment.HOST, metricsServer.port)}/metrics`;
  if (!isLoopback(environment.HOST)) {
    log("warn", "passwords and API keys travel in clear to this address unless a proxy in front of it speaks HTTPS", {
      host: environment.HOST,
    });
  }

  return {
    url,
    metricsUrl,
    setupLink: await parts.access.setupLink(url),
    async close() {
      dataPlane.startDraining();
      // Members first, while the door is still open: what they have in flight is settled by requests of their own.
      await parts.members.close();
      const closed = new Promise((resolve) => server.close(resolve));
      controlPlane.close();
      await Promise.allSettled([dataPlane.close(), parts.close()]);
      connections.destroyAll();
      await Promise.allSettled([closed, metricsServer?.close()]);
    },
  };
}

/** `METRICS_PORT`; null without one. */
async function openMetrics(dataPlane: DataPlane, environment: Environment): Promise<MetricsServer | null> {
  const { HOST: host, METRICS_PORT: port } = environment;
  if (port === undefined) return null;
  try {
    return await openMetricsServer(dataPlane.metricsPage, { host, port });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE") throw error;
    throw new StartupError(`Port ${port} is taken. Name another one for the metrics in METRICS_PORT.`, {
      cause: error,
    });
  }
}

/** The control plane's addresses as the metrics name them: a few, whatever callers make up. */
function controlRouteOf(url: string): string {
  if (/^\/api\/auth\/sign-in\/email(\?|$)/.test(url)) return "/api/auth/sign-in/email";
  if (url.startsWith("/api/auth/")) return "/api/auth/*";
  if (/^\/api\/trpc\/live(\?|$)/.test(url)) return "/api/trpc/live";
  return url.startsWith("/api/trpc/") ? "/api/trpc/*" : "/api/*";
}

/** Sees that the database can be used, brings its tables up to date, and returns the schema that they are in. */
async function prepareDatabase(options: ServeOptions): Promise<string> {
  const { databaseUrl, ownerUrl, log, root, signal, bounds } = options;
  const check = {
    onWaiting: (at: string, because: string) => log("warn", "waiting for the database", { at, because }),
    onWarning: (message: string) => log("warn", message, {}),
    ...(signal !== undefined && { signal }),
    ...(bounds !== undefined && { bounds }),
  };
  const url = ownerUrl ?? databaseUrl;
  const { schema } = await checkDatabase({ ...check, url });
  const client = new BoundedClient({ connectionString: url, application_name: "millrace", bounds: MIGRATION_BOUNDS });
  client.on("error", () => undefined);
  await client.connect();
  try {
    await applySessionSettings(client, { bounds: MIGRATION_BOUNDS, schema });
    const applied = await migrate(client, join(root, "prisma/migrations"));
    if (applied.length > 0) log("info", "migrations applied", { applied });
    if (ownerUrl === undefined) return schema;
    await grantToApplication(client, { role: decodeURIComponent(new URL(databaseUrl).username), schema });
  } catch (error) {
    if ((error as { code?: unknown }).code !== "42501") throw error;
    const because = (error as Error).message;
    throw new StartupError(
      `"${client.user}" may not make the tables (${because}). Let it, or name an account that may in DATABASE_OWNER_URL.`,
      { cause: error },
    );
  } finally {
    await client.end();
  }
  await checkDatabase({ ...check, url: databaseUrl, schema });
  return schema;
}
