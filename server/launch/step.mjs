import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

/** The project's folder, whatever the current one is. */
export const root = resolve(import.meta.dirname, "../..");

/** Runs a command to its end with the terminal's own output; throws when it fails. */
export function run(command, args, options = {}) {
  return new Promise((done, fail) => {
    const child = spawn(command, args, { cwd: root, stdio: "inherit", ...options });
    child.once("error", fail);
    child.once("close", (code, signal) =>
      code === 0 ? done() : fail(new Error(`${command} ${args.join(" ")} ended with ${signal ?? `code ${code}`}`)),
    );
    options.onStart?.(child);
  });
}

/** The same, but what it has to say is told only when it fails. */
export async function runQuietly(command, args, options = {}) {
  let said = "";
  const onStart = (child) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text) => {
        said = (said + text).slice(-20_000);
      });
    }
  };
  try {
    await run(command, args, { ...options, stdio: ["ignore", "pipe", "pipe"], onStart });
  } catch (error) {
    process.stderr.write(said);
    throw error;
  }
}

/** A command that a package brought along, run by this very Node. */
export function bin(name) {
  return join(root, "node_modules/.bin", name);
}

export function say(line) {
  process.stdout.write(`› ${line}\n`);
}

/** Runs `work` unless its inputs are, to the byte, those of the last time it succeeded. */
export async function onceFor(name, inputs, outputs, work) {
  const stamp = join(root, "node_modules/.cache/millrace", `${name}.sha256`);
  const hash = createHash("sha256").update(process.version);
  for (const input of inputs) hashInto(hash, join(root, input));
  const wanted = hash.digest("hex");
  const isDone = outputs.every((output) => existsSync(join(root, output)));
  if (isDone && existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return false;
  await work();
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, wanted);
  return true;
}

const IS_LEFT_OUT = /(^|\/)(node_modules|\.next|dist|\.data|testing)(\/|$)|\.test\.tsx?$|server\/store\/prisma(\/|$)/;

function hashInto(hash, path) {
  if (!existsSync(path) || IS_LEFT_OUT.test(path.slice(root.length + 1))) return;
  if (statSync(path).isDirectory()) {
    for (const entry of readdirSync(path).sort()) hashInto(hash, join(path, entry));
  } else {
    hash.update(path.slice(root.length)).update("\0").update(readFileSync(path)).update("\0");
  }
}
