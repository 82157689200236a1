import { mkdir } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { stderr, stdout } from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type { Bench, Row } from "./harness/bench.ts";
import { killChildren } from "./harness/child.ts";
import { migrationScripts, runScripts, startCluster } from "./harness/cluster.ts";
import type { Figure } from "./harness/figure.ts";
import { killServers, type Millrace, startMillrace } from "./harness/millrace.ts";
import { describeMachine, renderReport, writeReport } from "./harness/report.ts";
import { batches } from "./rows/batches.ts";
import { catchUp } from "./rows/catch-up.ts";
import { ceilings } from "./rows/ceilings.ts";
import { consume } from "./rows/consume.ts";
import { delivery } from "./rows/delivery.ts";
import { fanOut } from "./rows/fan-out.ts";
import { memory } from "./rows/memory.ts";
import { order } from "./rows/order.ts";
import { parked } from "./rows/parked.ts";
import { publish } from "./rows/publish.ts";
import { sequential } from "./rows/sequential.ts";
import { settle } from "./rows/settle.ts";

// In this order: memory is measured on the server that served all the others.
const ROWS: readonly Row[] = [
  ceilings,
  publish,
  batches,
  sequential,
  fanOut,
  delivery,
  consume,
  order,
  settle,
  parked,
  catchUp,
  memory,
];
const ROUNDS = 5;
const QUICK_ROUNDS = 2;
/** No run takes longer, whatever hangs. */
const LIMIT_MS = 30 * 60_000;

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: "boolean", default: false },
    rounds: { type: "string" },
    profile: { type: "string" },
  },
});
const unknown = positionals.filter((name) => !ROWS.some((row) => row.name === name));
if (unknown.length > 0) {
  stderr.write(`No row ${unknown.join(", ")}; there are ${ROWS.map((row) => row.name).join(", ")}.\n`);
  process.exit(2);
}
const chosen = positionals.length === 0 ? ROWS : ROWS.filter((row) => positionals.includes(row.name));
const rounds = options.rounds === undefined ? (options.quick ? QUICK_ROUNDS : ROUNDS) : Number(options.rounds);

let isInterrupted = false;

async function run(): Promise<boolean> {
  const cluster = await startCluster();
  let millrace: Millrace | null = null;
  try {
    const ceilingUrl = await cluster.createDatabase("bench_ceiling");
    await runScripts(ceilingUrl, await migrationScripts());
    const millraceUrl = await cluster.createDatabase("bench_millrace");
    const profileDirectory = options.profile === undefined ? undefined : resolve(options.profile);
    if (profileDirectory !== undefined) await mkdir(profileDirectory, { recursive: true });
    const start = { databaseUrl: millraceUrl, directory: cluster.directory };
    millrace = await startMillrace({ ...start, profileDirectory });
    const bench: Bench = {
      cluster,
      millrace,
      millraceUrl,
      ceilingUrl,
      rounds,
      isQuick: options.quick,
      startAnother: () => startMillrace(start),
    };
    const { figures, failed } = await runRows(bench);
    const report = {
      at: new Date().toISOString(),
      machine: describeMachine(cluster.version),
      rounds,
      isWhole: chosen.length === ROWS.length && !options.quick && failed === 0 && !isInterrupted,
      figures,
    };
    await writeReport(dirname(fileURLToPath(import.meta.url)), report);
    stdout.write(`\n${renderReport(report)}`);
    return failed === 0;
  } finally {
    killChildren();
    await millrace?.stop();
    await cluster.stop();
  }
}

/** A row that fails is named and does not take the others with it. */
async function runRows(bench: Bench): Promise<{ figures: Figure[]; failed: number }> {
  const figures: Figure[] = [];
  let failed = 0;
  for (const row of chosen) {
    if (isInterrupted) break;
    const startedAt = performance.now();
    stderr.write(`${row.name}\n`);
    await bench.cluster.checkpoint();
    try {
      figures.push(...(await row.run(bench)));
    } catch (error) {
      failed++;
      stderr.write(`  failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    }
    stderr.write(`  ${((performance.now() - startedAt) / 1000).toFixed(0)} s\n`);
  }
  return { figures, failed };
}

/** The row at work fails now; PostgreSQL is stopped and its files are removed on the way out. */
function interrupt(): void {
  isInterrupted = true;
  killChildren();
  killServers();
}

const limit = setTimeout(() => {
  stderr.write("The bench took too long and is ended.\n");
  interrupt();
}, LIMIT_MS);
process.once("SIGINT", interrupt);
process.once("SIGTERM", interrupt);
const isComplete = await run();
clearTimeout(limit);
process.exit(isInterrupted ? 130 : isComplete ? 0 : 1);
