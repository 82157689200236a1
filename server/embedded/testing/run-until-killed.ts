import { startEmbeddedPostgres } from "../postgres.ts";

// A server reduced to its PostgreSQL, for a test to kill.
const postgres = await startEmbeddedPostgres({ dataDir: process.argv[2] ?? "", onLog: () => undefined });
process.stdout.write(`${JSON.stringify({ url: postgres.url, pid: postgres.pid() })}\n`);
setInterval(() => undefined, 60_000);
