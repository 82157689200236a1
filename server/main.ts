import { resolve } from "node:path";
import { startEmbeddedPostgres } from "./embedded/postgres.ts";
import { parseEnvironment } from "./environment.ts";
import { createLog } from "./log.ts";
import { preparePages } from "./pages.ts";
import { serve } from "./serve.ts";

const STOP_MS = 15_000;
const root = process.cwd();

async function main(): Promise<void> {
  const environment = parseEnvironment(process.env);
  const log = createLog(environment.LOG_LEVEL);
  process.on("unhandledRejection", (error) => log("error", "a promise failed that nobody waited for", { error }));

  const embedded =
    environment.DATABASE_URL === undefined
      ? await startEmbeddedPostgres({
          dataDir: resolve(root, environment.DATA_DIR),
          onLog: (line) => log(/\b(WARNING|ERROR|FATAL|PANIC):/.test(line) ? "warn" : "debug", "postgres", { line }),
        })
      : null;
  const stopPostgres = async () => embedded?.stop();
  try {
    // Without pages: a node that serves data and control plane only, and the benchmarks.
    const pages = process.argv.includes("--no-pages")
      ? null
      : await preparePages({ root, isDevelopment: process.argv.includes("--dev") });
    const server = await serve({
      environment,
      log,
      root,
      databaseUrl: environment.DATABASE_URL ?? embedded?.url ?? "",
      ...(pages === null ? {} : { pages: pages.handle }),
    });
    say(`\n  Millrace is at ${server.url}`);
    if (server.setupLink !== null) say(`  First run: open this link once to set it up:\n  ${server.setupLink}`);
    say("");

    let isStopping = false;
    const stop = async () => {
      if (isStopping) process.exit(1);
      isStopping = true;
      say("\n  Stopping: answering what is queued, then PostgreSQL. Once more to force.");
      const overdue = setTimeout(() => process.exit(1), STOP_MS);
      await server.close();
      await pages?.close();
      await stopPostgres();
      clearTimeout(overdue);
      process.exit(0);
    };
    process.on("SIGINT", () => void stop());
    process.on("SIGTERM", () => void stop());
  } catch (error) {
    await stopPostgres();
    throw error;
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exit(1);
});
