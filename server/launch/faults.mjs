import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { generate, install, prepare } from "./prepare.mjs";
import { bin, root, run, say } from "./step.mjs";

// `npm run test:faults` breaks whatever Millrace stands on, one test after the other, and judges each by one oracle:
//   npm run test:faults -- nginx          only tests whose name or rows hold that word
//   npm run test:faults -- --seed 1234    the same kills and cuts again
//   npm run test:faults -- --short        as long as in `npm test`
// Verdicts and a summary are in test-results/faults.
const args = process.argv.slice(2);
const option = (name) => (args.includes(name) ? args.splice(args.indexOf(name), 2)[1] : undefined);
const isShort = args.includes("--short");
const seed = option("--seed") ?? String(Date.now() % 1_000_000);
const words = args.filter((it) => !it.startsWith("--"));
const results = join(root, "test-results/faults");

/** The table that docs/faults.md explains. */
function summaryOf(verdicts) {
  const names = ["I1", "I2", "I3", "I4", "I5", "I6", "I7", "I8", "I9", "I10"];
  const cell = (verdict, name) => {
    const found = verdict.invariants.find((it) => it.invariant === name);
    if (found === undefined || found.checked === 0) return "";
    return found.violated === 0 ? `✓ ${found.checked}` : `**✗ ${found.violated}**`;
  };
  const head = ["rows", "test", "outcome", "s", ...names];
  const lines = verdicts.map((it) => [
    it.rows.join(" "),
    it.test.replaceAll("|", "\\|"),
    it.outcome,
    `${it.tookS.toFixed(0)} of ${it.budgetS}`,
    ...names.map((name) => cell(it, name)),
  ]);
  const table = [head, head.map(() => "---"), ...lines].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
  const details = verdicts.map((it) => {
    const facts = Object.entries(it.facts).map(([name, value]) => `- ${name}: ${JSON.stringify(value)}`);
    const broken = it.expectations.filter((one) => !one.holds).map((one) => `- NOT TRUE: ${one.sentence}`);
    const violations = it.invariants.flatMap((one) => one.violations.map((text) => `- ${one.invariant}: ${text}`));
    const reason = it.reason === null ? [] : [`- ${it.reason.split("\n")[0]}`];
    return [`### ${it.test}`, ...reason, ...broken, ...violations, ...facts].join("\n");
  });
  const counts = ["held", "failed", "not tried"].map(
    (outcome) => `${verdicts.filter((it) => it.outcome === outcome).length} ${outcome}`,
  );
  return `# Fault tests\n\nSeed ${seed}; ${counts.join(", ")}. How to read this: docs/faults.md.\n\n${table}\n\n${details.join("\n\n")}\n`;
}

function readVerdicts() {
  const files = readdirSync(results).filter((it) => it.endsWith(".json") && it !== "vitest.json");
  return files.sort().map((file) => JSON.parse(readFileSync(join(results, file), "utf8")));
}

await prepare(install, generate);
rmSync(results, { recursive: true, force: true });
mkdirSync(results, { recursive: true });
say(`seed ${seed}`);
const env = {
  ...process.env,
  FAULTS_VERDICTS: results,
  FAULTS_EFFORT: isShort ? "short" : "long",
  FAULTS_SEED: seed,
};
const pattern = words.length === 0 ? [] : ["-t", words.join("|")];
let failure = null;
try {
  const config = ["--config", "server/testing/faults/vitest.config.ts"];
  await run(process.execPath, [bin("vitest"), "run", ...config, ...pattern], { cwd: root, env });
} catch (error) {
  failure = error;
}
const verdicts = readVerdicts();
writeFileSync(join(results, "summary.md"), summaryOf(verdicts));
for (const { outcome, test, rows, reason } of verdicts) {
  say(`${outcome.padEnd(9)} ${rows.join(" ")}: ${test}${outcome === "not tried" ? ` (${reason})` : ""}`);
}
say("test-results/faults/summary.md");
if (failure !== null) {
  process.stderr.write(`${failure.message}\n`);
  process.exit(1);
}
