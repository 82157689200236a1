import { resolve } from "node:path";
import { startEmbeddedPostgres } from "./embedded/postgres.ts";
import { parseEnvironment } from "./environment.ts";
import { createLog, type Log } from "./log.ts";
import { preparePages } from "./pages.ts";
import { serve } from "./serve.ts";
import { StartupError } from "./startup-error.ts";

const STOP_MS = 15_000;
/** Closer than this, a second signal is the echo of the first: Ctrl-C reaches us from the terminal and through npm. */
const ECHO_MS = 1_000;
/** Sessions beside the server's own: the owner's, wake-ups, Prisma, and an operator with psql. */
const SPARE_CONNECTIONS = 40;

/** What was started and how it is stopped, the last first. */
const stops: (() => Promise<void>)[] = [];
let stoppingSince: number | null = null;
const stopping = new AbortController();

async function main(): Promise<void> {
  const root = process.cwd();
  const environment = parseEnvironment(process.env);
  const log = createLog(environment.LOG_LEVEL);
  process.on("unhandledRejection", (error) => log("error", "a promise failed that nobody waited for", { error }));
  // A terminal that is closed says SIGHUP.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => void stop(0));

  let databaseUrl = environment.DATABASE_URL;
  let ownerUrl = environment.DATABASE_OWNER_URL;
  if (databaseUrl === undefined) {
    const postgres = await startEmbeddedPostgres({
      dataDir: resolve(root, environment.DATA_DIR),
      onLog: (line) => log(levelOf(line), "postgres", { line }),
      settings: [`max_connections=${Math.max(100, environment.DATABASE_CONNECTIONS + SPARE_CONNECTIONS)}`],
    });
    started(() => postgres.stop());
    databaseUrl = postgres.applicationUrl;
    ownerUrl = postgres.url;
  }

  // Without pages: a node that serves data and control plane only, and the benchmarks.
  const pages = process.argv.includes("--no-pages")
    ? null
    : await preparePages({ root, isDevelopment: process.argv.includes("--dev") });
  if (pages !== null) started(() => pages.close());

  const server = await serve({
    environment,
    log,
    root,
    databaseUrl,
    signal: stopping.signal,
    ...(ownerUrl === undefined ? {} : { ownerUrl }),
    ...(pages === null ? {} : { pages }),
  });
  started(() => server.close());
  const setup =
    server.setupLink === null ? "" : `\n  First run: open this link once to set it up:\n  ${server.setupLink}`;
  const metrics = environment.METRICS_PORT === undefined ? "" : `\n  Metrics are at ${server.metricsUrl}`;
  say(`\n  Millrace is at ${server.url}${metrics}${setup}\n`);
}

/** Remembers how to stop what just started, and goes no further when a signal came meanwhile. */
function started(stopIt: () => Promise<void>): void {
  stops.push(stopIt);
  if (stoppingSince !== null) throw new Error("stopped while starting");
}

async function stop(code: number): Promise<void> {
  if (stoppingSince !== null) {
    if (Date.now() - stoppingSince > ECHO_MS) process.exit(1);
    return;
  }
  stoppingSince = Date.now();
  stopping.abort();
  if (code === 0) say("\n  Stopping: answering what is queued, then PostgreSQL. Once more to force.");
  setTimeout(() => process.exit(1), STOP_MS);
  // What is being started right now can only be stopped once it is there.
  await startup.catch(() => undefined);
  let exitCode = code;
  for (const stopIt of stops.reverse()) {
    await stopIt().catch((error: unknown) => {
      exitCode = 1;
      process.stderr.write(`${String(error)}\n`);
    });
  }
  process.exit(exitCode);
}

function levelOf(line: string): Parameters<Log>[0] {
  // The last is what it answers to our own asking whether it is there yet.
  return /\b(WARNING|ERROR|FATAL|PANIC):(?! {2}the database system is )/.test(line) ? "warn" : "debug";
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

const startup = main();
startup.catch((error: unknown) => {
  if (stoppingSince !== null) return;
  process.stderr.write(`${explain(error)}\n`);
  void stop(1);
});

/** One sentence, for whoever started it or a supervisor's log. The stack is for those who ask for it. */
function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof StartupError) return error.message;
  const { code, port } = error as NodeJS.ErrnoException & { port?: number };
  if (code === "EADDRINUSE") return `Port ${port} is taken. Name another: PORT=3001 npm start`;
  if (process.env.LOG_LEVEL === "debug") return error.stack ?? error.message;
  return `Millrace could not start: ${error.message}. LOG_LEVEL=debug says where.`;
}
