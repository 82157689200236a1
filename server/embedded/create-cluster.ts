import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chown, mkdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Location } from "./location.ts";
import type { Account } from "./run-as.ts";

const run = promisify(execFile);
const INITDB_MS = 60_000;

export interface NewCluster {
  readonly place: Location;
  readonly account: Account | null;
  readonly password: string;
}

/** Creates the cluster when there is none; takes half a second, once. A cluster that is there is never touched. */
export async function ensureCluster({ place, account, password }: NewCluster): Promise<void> {
  if (await exists(place.cluster)) return;
  // Made beside its place and renamed when whole: what a crash leaves half made is not taken for a cluster.
  const unfinished = `${place.cluster}.unfinished`;
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
  await rename(unfinished, place.cluster);
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
