import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** A file that is younger may be another start's, which is about to write to it. */
const BEING_WRITTEN_MS = 2_000;

export interface Postmaster {
  readonly pid: number;
  readonly port: number;
}

/** The postmaster that a cluster's pid file speaks of, when that process lives and serves this cluster. */
export async function runningPostmaster(cluster: string): Promise<Postmaster | null> {
  const found = await read(cluster);
  return found !== null && isAlive(found.pid) && serves(found.pid, cluster) ? found : null;
}

/**
 * Makes a pid file harmless whose number belongs to some other process by now: PostgreSQL would take that process for
 * the postmaster and refuse to start. The file is not deleted, since its last line names the shared memory by which
 * PostgreSQL finds out whether orphans of the old postmaster still write to the cluster. It takes the number of the
 * process that starts it for a stale one, so ours is put in.
 */
export async function disownPidFile(cluster: string): Promise<void> {
  await removeEmpty(join(cluster, "postmaster.pid"));
  const found = await read(cluster);
  if (found === null || !isAlive(found.pid) || serves(found.pid, cluster)) return;
  const path = join(cluster, "postmaster.pid");
  const lines = (await readFile(path, "utf8")).split("\n");
  await writeFile(path, [String(process.pid), ...lines.slice(1)].join("\n"));
}

/** The first thing that a start makes is this file; a crash before anything was written to it leaves nothing else. */
async function removeEmpty(path: string): Promise<void> {
  const found = await stat(path).catch(() => null);
  if (found === null || found.size > 0 || Date.now() - found.mtimeMs < BEING_WRITTEN_MS) return;
  await rm(path, { force: true });
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

async function read(cluster: string): Promise<Postmaster | null> {
  const text = await readFile(join(cluster, "postmaster.pid"), "utf8").catch(() => "");
  const [pid = "", , , port = ""] = text.split("\n");
  return /^\d+$/.test(pid) && Number(pid) > 1 ? { pid: Number(pid), port: Number(port) } : null;
}

/** Pids are used again, so a live process is not enough: it must have been started with this very folder. */
function serves(pid: number, cluster: string): boolean {
  try {
    if (existsSync("/proc/self/cmdline")) {
      return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").includes(cluster);
    }
    return execFileSync("ps", ["-ww", "-o", "command=", "-p", String(pid)], { encoding: "utf8" }).includes(cluster);
  } catch {
    // The process ended in between.
    return false;
  }
}
