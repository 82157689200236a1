import { createHash } from "node:crypto";
import { cp, mkdir, rename, rm, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import type { Account } from "./run-as.ts";

export interface Location {
  /** Holds bin, lib and share. */
  readonly native: string;
  /** Holds the cluster. */
  readonly cluster: string;
}

const SHARED = "/var/lib/millrace";

/**
 * Where binaries and cluster live: in node_modules and the data directory, unless another account has to reach them
 * and cannot, because a folder above is closed to it (a private home, a `mktemp -d`). Then both live under
 * /var/lib/millrace, in a folder of their own for each data directory.
 */
export async function locate(native: string, dataDir: string, account: Account | null): Promise<Location> {
  const cluster = join(resolve(dataDir), "postgres");
  if (account === null || ((await isOpen(native)) && (await isOpen(dirname(cluster))))) return { native, cluster };
  const own = join(SHARED, createHash("sha256").update(cluster).digest("hex").slice(0, 12));
  await mkdir(own, { recursive: true, mode: 0o755 });
  return { native: await copyOnce(native, own), cluster: join(own, "postgres") };
}

/** Whether every folder from the root down may be entered by everybody. */
async function isOpen(path: string): Promise<boolean> {
  for (let at = resolve(path); ; at = dirname(at)) {
    const found = await stat(at).catch(() => null);
    if (found !== null && (found.mode & 0o001) === 0) return false;
    if (at === dirname(at)) return true;
  }
}

async function copyOnce(native: string, own: string): Promise<string> {
  const version = createHash("sha256")
    .update(native)
    .update(String((await stat(join(native, "bin", "postgres"))).mtimeMs));
  const target = join(own, `native-${version.digest("hex").slice(0, 12)}`);
  if ((await stat(target).catch(() => null)) !== null) return target;
  const unfinished = `${target}.${process.pid}`;
  await cp(native, unfinished, { recursive: true, verbatimSymlinks: true });
  await rename(unfinished, target).catch(() => rm(unfinished, { recursive: true, force: true }));
  return target;
}
