import { randomBytes } from "node:crypto";
import { chmod, cp, mkdir, readFile, rename, rm, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { type ClusterSecrets, writeOnce, writeSecrets } from "./cluster-secrets.ts";
import type { Account } from "./run-as.ts";

export interface Location {
  /** Holds bin, lib and share. */
  readonly native: string;
  /** Holds the cluster. Its parent can be entered by the account that PostgreSQL runs as. */
  readonly cluster: string;
}

export interface LocateInput {
  readonly native: string;
  readonly dataDir: string;
  readonly secrets: ClusterSecrets;
  /** For tests; /var/lib/millrace otherwise. */
  readonly shared?: string;
}

/**
 * Where binaries and cluster live: in node_modules and the data directory, unless the account of PostgreSQL cannot get
 * there because a folder above is closed to it (a private home, a `mktemp -d`). Then they live under
 * /var/lib/millrace: the binaries once per version, the cluster in a folder of its own that `postgres.json` names.
 */
export async function locate(input: LocateInput, account: Account | null): Promise<Location> {
  const { native, secrets, shared = "/var/lib/millrace" } = input;
  const own = join(resolve(input.dataDir), "postgres");
  if (account === null) return { native, cluster: secrets.elsewhere ?? own };
  const reachable = (await isOpen(native, account)) ? native : await copyOnce(native, shared);
  if (secrets.elsewhere !== undefined) return { native: reachable, cluster: secrets.elsewhere };
  if (await isOpen(dirname(own), account)) return { native: reachable, cluster: own };
  // A random name, not one made of the path: a data directory that was deleted must not come back with its old data.
  const candidate = join(shared, randomBytes(6).toString("hex"));
  const home = await writeOnce(join(resolve(input.dataDir), "postgres.elsewhere"), candidate);
  await makeOpen(home);
  const elsewhere = join(home, "postgres");
  await writeSecrets(input.dataDir, { ...secrets, elsewhere });
  return { native: reachable, cluster: elsewhere };
}

/** Whether the account may enter every folder from the root down. */
async function isOpen(path: string, account: Account): Promise<boolean> {
  for (let at = resolve(path); ; at = dirname(at)) {
    const { mode, uid, gid } = await stat(at);
    const bit = uid === account.uid ? 0o100 : gid === account.gid ? 0o010 : 0o001;
    if ((mode & bit) === 0) return false;
    if (at === dirname(at)) return true;
  }
}

async function makeOpen(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  // By chmod, since a strict umask would close what mkdir makes.
  for (const it of [dirname(folder), folder]) await chmod(it, 0o755);
}

async function copyOnce(native: string, shared: string): Promise<string> {
  const { version } = JSON.parse(await readFile(join(native, "..", "package.json"), "utf8")) as { version: string };
  const target = join(shared, `postgresql-${version}`);
  if ((await stat(target).catch(() => null)) !== null) return target;
  await makeOpen(shared);
  const unfinished = `${target}.${process.pid}`;
  await cp(native, unfinished, { recursive: true, verbatimSymlinks: true });
  // Another start may have been faster; its copy is as good.
  await rename(unfinished, target).catch(() => rm(unfinished, { recursive: true, force: true }));
  return target;
}
