import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import pg from "pg";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { isAlive } from "./pid-file.ts";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "./postgres.ts";
import { accountForPostgres } from "./run-as.ts";

let dataDir: string;
let started: EmbeddedPostgres[];
let children: ChildProcess[];

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "millrace-embedded-"));
  await chmod(dataDir, 0o755);
  started = [];
  children = [];
});
afterEach(async () => {
  for (const child of children) child.kill("SIGKILL");
  await Promise.all(started.map((postgres) => postgres.stop()));
  await rm(dataDir, { recursive: true, force: true });
});

async function start(): Promise<EmbeddedPostgres> {
  const postgres = await startEmbeddedPostgres({ dataDir, onLog: () => undefined });
  started.push(postgres);
  return postgres;
}

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  client.on("error", () => undefined);
  try {
    await client.connect();
    return (await client.query(sql)).rows;
  } finally {
    await client.end().catch(() => undefined);
  }
}

const keep = (url: string) => query(url, "CREATE TABLE kept AS SELECT 7 AS value");
const pidFile = () => join(dataDir, "postgres", "postmaster.pid");

/** Another server on the same data directory, and what it tells once it serves; null when it ended instead. */
function startChild() {
  const child = spawn(process.execPath, ["--import", "tsx", "server/embedded/testing/run-until-killed.ts", dataDir], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  children.push(child);
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const told = Promise.race([once(child.stdout, "data"), ended.then(() => null)]).then((line) =>
    line === null ? null : (JSON.parse(String(line[0])) as { url: string; pid: number }),
  );
  return { child, ended, told };
}

async function crashed(): Promise<{ url: string; pid: number }> {
  const { child, ended, told } = startChild();
  const started = await told;
  if (started === null) throw new Error("it did not start");
  await keep(started.url);
  child.kill("SIGKILL");
  await ended;
  return started;
}

describe("the embedded PostgreSQL", () => {
  it("keeps its data, address and password from one start to the next, the password for its owner alone", async () => {
    const first = await start();
    await keep(first.url);
    await first.stop();
    const second = await start();
    expect(second.url).toBe(first.url);
    expect(await query(second.url, "SELECT value FROM kept")).toEqual([{ value: 7 }]);
    expect((await stat(join(dataDir, "postgres.json"))).mode & 0o777).toBe(0o600);
    await expect(query(second.url.replace(/:[^:@]+@/, ":wrong@"), "SELECT 1")).rejects.toThrow("password");
  });

  it("leaves no process behind when it stops", async () => {
    const postgres = await start();
    const pid = postgres.pid() ?? 0;
    await postgres.stop();
    expect(isAlive(pid)).toBe(false);
  });

  it("is adopted when a crash left it running", async () => {
    const left = await crashed();
    expect(isAlive(left.pid)).toBe(true);
    const adopted = await start();
    expect(adopted.pid()).toBe(left.pid);
    expect(await query(adopted.url, "SELECT value FROM kept")).toEqual([{ value: 7 }]);
    await adopted.stop();
    expect(isAlive(left.pid)).toBe(false);
  });

  it("refuses a second server on the same data directory, and goes on serving the first", async () => {
    const first = await start();
    await keep(first.url);
    await expect(startEmbeddedPostgres({ dataDir, onLog: () => undefined })).rejects.toThrow("already runs on");
    expect(await query(first.url, "SELECT value FROM kept")).toEqual([{ value: 7 }]);
  });

  it("of two first starts at once one serves and the other is refused, and the next start is let in", async () => {
    const starts = [startChild(), startChild()];
    const told = (await Promise.all(starts.map((it) => it.told))).filter((it) => it !== null);
    expect(told).toHaveLength(1);
    for (const { url } of told) await keep(url);
    for (const { child } of starts) child.kill("SIGKILL");
    const next = await start();
    expect(await query(next.url, "SELECT value FROM kept")).toEqual([{ value: 7 }]);
    expect((await readdir(dataDir)).filter((name) => name.includes("unfinished"))).toEqual([]);
  });

  it("is back at the same address after its postmaster was killed, also one that was adopted", async () => {
    const left = await crashed();
    const postgres = await start();
    expect(postgres.pid()).toBe(left.pid);
    for (let round = 0; round < 2; round += 1) {
      const killed = postgres.pid() ?? 0;
      process.kill(killed, "SIGKILL");
      await expect.poll(() => postgres.pid(), { timeout: 15_000 }).not.toBe(killed);
      expect(await query(postgres.url, "SELECT value FROM kept")).toEqual([{ value: 7 }]);
    }
  });

  it("starts although its pid file names a process that is somebody else's by now", async () => {
    const first = await start();
    await keep(first.url);
    const text = await readFile(pidFile(), "utf8");
    await first.stop();
    const stranger = spawn("sleep", ["60"], { ...accountForPostgres(), stdio: "ignore" });
    children.push(stranger);
    await writeFile(pidFile(), text.replace(/^\d+/, String(stranger.pid)));
    const second = await start();
    expect(await query(second.url, "SELECT value FROM kept")).toEqual([{ value: 7 }]);
  });

  it("starts although a crash has left its pid file empty", async () => {
    const first = await start();
    await keep(first.url);
    await first.stop();
    await writeFile(pidFile(), "");
    const second = await start();
    expect(await query(second.url, "SELECT value FROM kept")).toEqual([{ value: 7 }]);
  });

  it("takes another port when somebody has the one it had", async () => {
    const first = await start();
    await keep(first.url);
    await first.stop();
    const taken = createServer().listen(Number(new URL(first.url).port), "127.0.0.1");
    await once(taken, "listening");
    const second = await start();
    expect(new URL(second.url).port).not.toBe(new URL(first.url).port);
    expect(await query(second.url, "SELECT value FROM kept")).toEqual([{ value: 7 }]);
    taken.close();
  });

  it.runIf(process.getuid?.() === 0)("lives elsewhere when its account cannot enter the data directory", async () => {
    await chmod(dataDir, 0o700);
    const first = await start();
    await keep(first.url);
    await first.stop();
    const { elsewhere } = JSON.parse(await readFile(join(dataDir, "postgres.json"), "utf8")) as { elsewhere: string };
    try {
      expect(elsewhere.startsWith(dataDir)).toBe(false);
      const second = await start();
      expect(await query(second.url, "SELECT value FROM kept")).toEqual([{ value: 7 }]);
      await second.stop();
    } finally {
      await rm(dirname(elsewhere), { recursive: true });
    }
  });
});
