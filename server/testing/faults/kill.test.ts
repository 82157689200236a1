import { chmod, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { freePort } from "../../embedded/free-port.ts";
import { ask, type Load, publishLoad, readWholeTopic, type Target } from "../publish-load.ts";
import { isReady, type ServerProcess, startServerProcess } from "../server-process.ts";
import { testDatabase } from "../test-database.ts";

const cleanUps: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

async function untilAcknowledged(load: Load, more: number): Promise<void> {
  const goal = load.acknowledged.size + more;
  for (const until = Date.now() + 30_000; load.acknowledged.size < goal; await delay(10)) {
    if (Date.now() > until) throw new Error(`only ${load.acknowledged.size} of ${goal} events were acknowledged`);
  }
}

/** Rules 1 to 3 of the design: nothing acknowledged is lost, nothing stands twice, offsets have no gap. */
async function expectExact(target: Target, load: Load): Promise<void> {
  const events = await readWholeTopic(target, "orders");
  expect(events.map((event) => Number(event.sequence))).toEqual(events.map((_, index) => index + 1));
  expect(new Set(events.map((event) => event.id)).size).toBe(events.length);
  const offsets = new Map(events.map((event) => [event.id, Number(event.sequence)]));
  for (const [id, offset] of load.acknowledged) expect([id, offsets.get(id)]).toEqual([id, offset]);
}

describe("kill -9", () => {
  it("of the server during publishes loses no acknowledged event and stores none twice", async () => {
    const db = await testDatabase();
    cleanUps.push(() => db.drop());
    const options = { DATABASE_URL: db.url, PORT: await freePort(0) };
    let server: ServerProcess = await startServerProcess(options);
    cleanUps.push(() => server.stop());
    expect((await ask(server, "/v1/topics/orders", { method: "PUT", body: "{}" })).ok).toBe(true);
    const load = publishLoad(server, { topic: "orders", publishers: 16 });
    for (let kills = 0; kills < 2; kills += 1) {
      await untilAcknowledged(load, 500);
      await server.kill();
      server = await startServerProcess(options);
    }
    await untilAcknowledged(load, 100);
    await load.finish();
    await expectExact(server, load);
  }, 90_000);

  it("of PostgreSQL during publishes loses nothing either, and the server lives on", async () => {
    const dataDir = await mkdtemp(join(tmpdir(), "millrace-fault-"));
    cleanUps.push(() => rm(dataDir, { recursive: true, force: true }));
    await chmod(dataDir, 0o755);
    const server = await startServerProcess({ DATA_DIR: dataDir });
    cleanUps.push(() => server.stop());
    await ask(server, "/v1/topics/orders", { method: "PUT", body: "{}" });
    const load = publishLoad(server, { topic: "orders", publishers: 16 });
    await untilAcknowledged(load, 300);
    const [pid] = (await readFile(join(dataDir, "postgres/postmaster.pid"), "utf8")).split("\n");
    process.kill(Number(pid), "SIGKILL");
    await untilAcknowledged(load, 300);
    await load.finish();
    expect(server.child.exitCode).toBeNull();
    expect(await isReady(server.url)).toBe(true);
    await expectExact(server, load);
  }, 90_000);
});
