import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chown, mkdir, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { promisify } from "node:util";
import type { Location } from "./location.ts";
import { isAlive } from "./pid-file.ts";
import type { Account } from "./run-as.ts";

const run = promisify(execFile);
const INITDB_MS = 60_000;
/** Between the cluster's name and the pid of the server that makes it. */
const UNFINISHED = ".unfinished-";

export interface NewCluster {
  readonly place: Location;
  readonly account: Account | null;
  readonly password: string;
}

/** Creates the cluster when there is none; takes half a second, once. A cluster that is there is never touched. */
export async function ensureCluster({ place, account, password }: NewCluster): Promise<void> {
  if (await exists(place.cluster)) return;
  // Made beside its place and renamed when whole: what a crash leaves half made is not taken for a cluster.
  // By this process alone: another server may be making its first start on the same folder.
  await removeLeftOver(place.cluster);
  const unfinished = `${place.cluster}${UNFINISHED}${process.pid}`;
  const passwordFile = `${place.cluster}.password-${randomBytes(6).toString("hex")}`;
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { recursive: true, mode: 0o700 });
  try {
    await writeFile(passwordFile, `${password}\n`, { mode: 0o600 });
    if (account !== null) {
      await chown(unfinished, account.uid, account.gid);
      await chown(passwordFile, account.uid, account.gid);
    }
    await run(
      join(place.native, "bin", "initdb"),
      [
        `--pgdata=${unfinished}`,
        "--username=millrace",
        `--pwfile=${passwordFile}`,
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--locale=C",
        "--no-instructions",
      ],
      { ...account, timeout: INITDB_MS, cwd: "/", env: childEnvironment() },
    );
  } finally {
    await rm(passwordFile, { force: true });
  }
  try {
    await rename(unfinished, place.cluster);
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true });
    // The other one was faster, with the same password.
    if (!(await exists(place.cluster))) throw error;
  }
}

/** Removes the remains of servers that were killed in the middle of their first start. */
async function removeLeftOver(cluster: string): Promise<void> {
  const prefix = `${basename(cluster)}${UNFINISHED}`;
  for (const name of await readdir(dirname(cluster))) {
    if (!name.startsWith(prefix) || isAlive(Number(name.slice(prefix.length)))) continue;
    await rm(join(dirname(cluster), name), { recursive: true, force: true });
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw error;
  }
}

/** Nothing of ours, such as PGPORT, may reach the child. */
export function childEnvironment(): NodeJS.ProcessEnv {
  const { NODE_ENV, PATH, TMPDIR } = process.env;
  return { NODE_ENV, PATH, TMPDIR, LC_ALL: "C" };
}
