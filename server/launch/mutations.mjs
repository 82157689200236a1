import { spawn } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generate, install, prepare } from "./prepare.mjs";
import { bin, root, say } from "./step.mjs";

// `npm run test:mutations` takes out one protection after the other in a copy of the working tree, and sees the test
// that is named for it fail. `npm run test:mutations -- lock` takes only those whose name holds that word.
const SOURCES = ["server", "client", "prisma", "package.json", "tsconfig.json", "vitest.config.ts"];
const MINUTES_EACH = 4;
/** Tests that only `npm run test:faults` runs have a configuration of their own. */
const FAULTS = ["--config", "server/testing/faults/vitest.config.ts"];
const wanted = process.argv.slice(2);

/** Runs some tests of a file and says what became of each. */
function runTests(copy, file, names) {
  const report = join(copy, "report.json");
  rmSync(report, { force: true });
  const pattern = names.map((name) => name.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|");
  const config = file.endsWith(".fault.ts") ? FAULTS : [];
  const args = ["run", file, ...config, "-t", `(${pattern})$`, "--reporter=json", `--outputFile.json=${report}`];
  return new Promise((done, fail) => {
    const child = spawn(process.execPath, [bin("vitest"), ...args], { cwd: copy, stdio: "ignore" });
    const timer = setTimeout(() => child.kill("SIGKILL"), MINUTES_EACH * 60_000);
    child.once("error", fail);
    child.once("close", () => {
      clearTimeout(timer);
      done(new Map(names.map((name) => [name, verdictOf(report, name)])));
    });
  });
}

function verdictOf(report, name) {
  let result;
  try {
    result = JSON.parse(readFileSync(report, "utf8"));
  } catch {
    return "did not run";
  }
  const found = result.testResults.flatMap((it) => it.assertionResults).filter((it) => it.title === name);
  if (found.length !== 1) return found.length === 0 ? "did not run" : "is not the only one of its name";
  return found[0].status;
}

/** The outcome of the named tests while every protection is in its place, by file and name. */
async function runUntouched(copy, chosen) {
  const verdicts = new Map();
  for (const file of new Set(chosen.map(({ test }) => test[0]))) {
    const names = new Set(chosen.filter(({ test }) => test[0] === file).map(({ test }) => test[1]));
    for (const [name, verdict] of await runTests(copy, file, [...names])) verdicts.set(`${file}\n${name}`, verdict);
  }
  return verdicts;
}

/** Refuses a protection that is not where it was, or stands there twice. */
function without({ name, file, from, to }, copy) {
  const path = join(copy, file);
  const text = readFileSync(path, "utf8");
  const places = text.split(from).length - 1;
  if (places !== 1) throw new Error(`"${name}": ${file} holds ${JSON.stringify(from)} ${places} times, not once`);
  return { path, text, changed: text.replace(from, () => to) };
}

await prepare(install, generate);
const { protections } = await import(join(root, "server/testing/mutations/protections.mjs"));
const copy = mkdtempSync(join(tmpdir(), "millrace-mutations-"));
const rows = [];
const problems = [];
try {
  for (const source of SOURCES) {
    cpSync(join(root, source), join(copy, source), {
      recursive: true,
      filter: (path) => !/(^|\/)(node_modules|dist)$/.test(path.slice(root.length)),
    });
  }
  symlinkSync(join(root, "node_modules"), join(copy, "node_modules"));
  const chosen = protections.filter(({ name }) => wanted.length === 0 || wanted.some((word) => name.includes(word)));
  const edits = chosen.map((it) => ({ ...it, edit: without(it, copy) }));
  const untouched = await runUntouched(copy, chosen);
  for (const { name, test, edit } of edits) {
    const before = untouched.get(test.join("\n"));
    writeFileSync(edit.path, edit.changed);
    const verdict = (await runTests(copy, test[0], [test[1]])).get(test[1]);
    writeFileSync(edit.path, edit.text);
    const isCaught = before === "passed" && verdict === "failed";
    rows.push({ protection: name, "caught by": isCaught ? test[1] : "NOTHING" });
    say(`${isCaught ? "caught" : "NOT CAUGHT"}: ${name}`);
    if (!isCaught) problems.push(`${name}: "${test[1]}" ${before} with it, ${verdict} without it`);
  }
} finally {
  rmSync(copy, { recursive: true, force: true });
}
const width = Math.max(...rows.map((it) => it.protection.length));
process.stdout.write(`\n${"protection".padEnd(width)}   caught by\n`);
for (const row of rows) process.stdout.write(`${row.protection.padEnd(width)}   ${row["caught by"]}\n`);
process.stdout.write(`\n${rows.length - problems.length} of ${rows.length} caught\n`);
for (const problem of problems) process.stderr.write(`${problem}\n`);
process.exit(problems.length > 0 ? 1 : 0);
