import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { findBrowser } from "./find-browser.mjs";
import { build, generate, install, prepare } from "./prepare.mjs";
import { bin, root, run, say } from "./step.mjs";

// `npm test` runs every stage; `npm test -- unit` or `npm test -- lint types` only those.
const wanted = process.argv.slice(2);
const reports = join(root, "test-results");
const totals = { passed: 0, failed: 0, skipped: 0 };
const failures = [];

const stages = {
  lint: () => run(bin("biome"), ["check", "--error-on-warnings", "."]),
  types: () => run(process.execPath, [bin("tsc"), "--noEmit", "-p", "."]),
  unit: async () => {
    const file = join(reports, "vitest.json");
    const args = ["run", "--reporter=default", "--reporter=json", `--outputFile.json=${file}`];
    try {
      await run(process.execPath, [bin("vitest"), ...args]);
    } finally {
      const result = report(file);
      count(
        result.numPassedTests,
        result.numFailedTests + (result.success ? 0 : emptySuites(result)),
        result.numPendingTests,
      );
    }
  },
  e2e: async () => {
    await build();
    const file = join(reports, "playwright.json");
    const env = { ...process.env, CHROMIUM_PATH: await findBrowser(), PLAYWRIGHT_JSON_OUTPUT_FILE: file };
    try {
      await run(process.execPath, [bin("playwright"), "test", "--reporter=list,json"], { env });
    } finally {
      const { stats } = report(file);
      count(stats.expected, stats.unexpected + stats.flaky, stats.skipped);
    }
  },
};

function report(file) {
  return JSON.parse(readFileSync(file, "utf8"));
}

/** A test file that does not even load holds no failed test, and yet it failed. */
function emptySuites(result) {
  return result.testResults.filter((it) => it.status === "failed" && it.assertionResults.length === 0).length;
}

function count(passed, failed, skipped) {
  totals.passed += passed;
  totals.failed += failed;
  totals.skipped += skipped;
}

const unknown = wanted.filter((name) => !(name in stages));
if (unknown.length > 0) {
  process.stderr.write(`There is no stage ${unknown.join(", ")}; there are ${Object.keys(stages).join(", ")}.\n`);
  process.exit(2);
}

await prepare(install, generate);
rmSync(reports, { recursive: true, force: true });
mkdirSync(reports, { recursive: true });
for (const [name, stage] of Object.entries(stages)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const startedAt = Date.now();
  say(`${name} …`);
  try {
    await stage();
    say(`${name}: fine, ${((Date.now() - startedAt) / 1000).toFixed(0)} s`);
  } catch (error) {
    failures.push(name);
    say(`${name}: FAILED (${error.message})`);
  }
}
// Lint and types hold no tests of their own: a failed stage counts as one failure.
if (failures.length > 0 && totals.failed === 0) totals.failed = failures.length;
process.stdout.write(`\n${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped\n`);
process.exit(totals.failed > 0 || failures.length > 0 ? 1 : 0);
