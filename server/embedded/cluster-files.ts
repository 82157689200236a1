import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmod, chown, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Location } from "./location.ts";
import type { Account } from "./run-as.ts";

const run = promisify(execFile);

export interface ClusterSecrets {
  readonly password: string;
  /** The port of the last start; tried again first, so that open tools keep working. */
  readonly port: number;
}

/** Creates the cluster when there is none. Takes half a second, once. */
export async function ensureCluster(place: Location, account: Account | null, password: string): Promise<void> {
  if ((await readFile(join(place.cluster, "PG_VERSION"), "utf8").catch(() => null)) !== null) return;
  await rm(place.cluster, { recursive: true, force: true });
  await mkdir(place.cluster, { recursive: true, mode: 0o700 });
  const passwordFile = `${place.cluster}.password-${randomBytes(6).toString("hex")}`;
  try {
    await writeFile(passwordFile, `${password}\n`, { mode: 0o600 });
    if (account !== null) {
      await chown(place.cluster, account.uid, account.gid);
      await chown(passwordFile, account.uid, account.gid);
    }
    await run(
      join(place.native, "bin", "initdb"),
      [
        `--pgdata=${place.cluster}`,
        "--username=millrace",
        `--pwfile=${passwordFile}`,
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--locale=C",
      ],
      { ...account, timeout: 60_000, env: childEnvironment() },
    );
  } finally {
    await rm(passwordFile, { force: true });
  }
}

/** Nothing of ours, such as PGPORT, may reach the child. */
export function childEnvironment(): NodeJS.ProcessEnv {
  const { PATH, LANG, TMPDIR } = process.env;
  return { NODE_ENV: process.env.NODE_ENV, PATH, TMPDIR, LANG: LANG ?? "C.UTF-8", LC_MESSAGES: "C" };
}

/** The password and the last port, kept readable for the owner alone. */
export async function readSecrets(dataDir: string): Promise<ClusterSecrets> {
  const text = await readFile(secretsFile(dataDir), "utf8").catch(() => null);
  if (text !== null) return JSON.parse(text) as ClusterSecrets;
  const secrets = { password: randomBytes(24).toString("base64url"), port: 0 };
  await writeSecrets(dataDir, secrets);
  return secrets;
}

export async function writeSecrets(dataDir: string, secrets: ClusterSecrets): Promise<void> {
  await mkdir(dataDir, { recursive: true });
  await writeFile(secretsFile(dataDir), JSON.stringify(secrets), { mode: 0o600 });
  await chmod(secretsFile(dataDir), 0o600);
}

function secretsFile(dataDir: string): string {
  return join(dataDir, "postgres.json");
}

/** The wanted port when nobody has it, else any free one. */
export async function freePort(wanted: number): Promise<number> {
  return (await bind(wanted)) ?? (await bind(0)) ?? 0;
}

function bind(port: number): Promise<number | null> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once("error", () => resolve(null));
    probe.listen({ port, host: "127.0.0.1", exclusive: true }, () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === "object" && address !== null ? address.port : null));
    });
  });
}

/** The postmaster that a pid file speaks of, when that process is alive and serves this cluster. */
export async function runningPostmaster(place: Location): Promise<{ pid: number; port: number } | null> {
  const lines = (await readFile(join(place.cluster, "postmaster.pid"), "utf8").catch(() => "")).split("\n");
  const pid = Number(lines[0]);
  const port = Number(lines[3]);
  if (!Number.isInteger(pid) || pid < 2 || !Number.isInteger(port)) return null;
  return isAlive(pid) ? { pid, port } : null;
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
