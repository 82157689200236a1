import { randomBytes } from "node:crypto";
import { link, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** The memory that a data directory has of its cluster: `postgres.json`, readable for its owner alone. */
export interface ClusterSecrets {
  readonly password: string;
  /** The port of the last start; tried again first, so that open tools keep working. 0 = none yet. */
  readonly port: number;
  /** Where the cluster is, when it could not be in the data directory itself. */
  readonly elsewhere?: string;
}

export async function readSecrets(dataDir: string): Promise<ClusterSecrets> {
  await mkdir(dataDir, { recursive: true });
  try {
    return JSON.parse(await readFile(fileOf(dataDir), "utf8")) as ClusterSecrets;
  } catch (error) {
    // Any other failure must end the start: a new password would lock us out of the cluster that is there.
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
  const secrets: ClusterSecrets = { password: randomBytes(24).toString("base64url"), port: 0 };
  return JSON.parse(await writeOnce(fileOf(dataDir), textOf(secrets))) as ClusterSecrets;
}

/** Writes a file unless it is there, and returns what is in it: of two servers that start at once, one decides. */
export async function writeOnce(path: string, text: string): Promise<string> {
  const unfinished = `${path}.${process.pid}`;
  await writeFile(unfinished, text, { mode: 0o600 });
  try {
    await link(unfinished, path);
    return text;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    return await readFile(path, "utf8");
  } finally {
    await rm(unfinished, { force: true });
  }
}

/** Whole or not at all: a crash in between leaves the old file. */
export async function writeSecrets(dataDir: string, secrets: ClusterSecrets): Promise<void> {
  const unfinished = `${fileOf(dataDir)}.${process.pid}`;
  await writeFile(unfinished, textOf(secrets), { mode: 0o600 });
  await rename(unfinished, fileOf(dataDir));
}

function textOf(secrets: ClusterSecrets): string {
  return `${JSON.stringify(secrets, null, 2)}\n`;
}

function fileOf(dataDir: string): string {
  return join(dataDir, "postgres.json");
}
