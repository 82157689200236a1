import { mkdir, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { build } from "esbuild";

const root = resolve(import.meta.dirname, "../../..");
// Packages are found from there.
const directory = join(root, "node_modules/.cache/millrace", `faults-${process.pid}`);
let building: Promise<void> | null = null;

/** The server, or a member, as one file: built once, so that a replacement is there within a moment. */
export async function programPath(name: "server" | "member"): Promise<string> {
  building ??= buildAll();
  await building;
  return join(directory, `${name}.mjs`);
}

/** When the tests that run them are over. */
export async function removePrograms(): Promise<void> {
  building = null;
  await rm(directory, { recursive: true, force: true });
}

async function buildAll(): Promise<void> {
  await mkdir(directory, { recursive: true });
  await build({
    entryPoints: {
      server: join(root, "server/main.ts"),
      member: join(import.meta.dirname, "member-program.ts"),
    },
    bundle: true,
    platform: "node",
    format: "esm",
    packages: "external",
    outdir: directory,
    outExtension: { ".js": ".mjs" },
  });
}
