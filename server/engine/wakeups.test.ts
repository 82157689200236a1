import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { openDatabase } from "../store/database.ts";
import { severableDatabase } from "../testing/severable-database.ts";
import { testDatabase } from "../testing/test-database.ts";
import { createWakeups, payloadsOf, type WakeupOrigin } from "./wakeups.ts";

let db: Awaited<ReturnType<typeof testDatabase>>;

beforeAll(async () => {
  db = await testDatabase();
});
afterAll(async () => {
  await db?.drop();
});

describe("wake-ups", () => {
  it("wake listeners of this process at once and those of another instance once, and stop when told to", async () => {
    const here = createWakeups(db.database, { onError: () => {} });
    const there = createWakeups(db.open(), { onError: () => {} });
    const heard: [string, WakeupOrigin][] = [];
    const stop = here.listen("topic:1", (origin) => heard.push(["here", origin]));
    there.listen("topic:1", (origin) => heard.push(["there", origin]));
    there.listen("topic:2", (origin) => heard.push(["not asked", origin]));
    here.announce("topic:1");
    expect(heard[0]).toEqual(["here", "here"]);
    // The first announcements may come before the other instance listens, which wakes everybody by itself.
    await expect
      .poll(() => {
        here.announce("topic:1");
        return heard.some(([who]) => who === "there");
      })
      .toBe(true);
    stop();
    const before = heard.filter(([who]) => who === "here").length;
    here.announce("topic:1");
    expect(heard.filter(([who]) => who === "here")).toHaveLength(before);
    expect(heard).not.toContainEqual(["there", "here"]);
    // What was sent before the other one listened did not reach it.
    await expect.poll(() => there.counts().received).toBeGreaterThan(0);
    expect(there.counts()).toMatchObject({ sent: 0, isListening: true });
    expect(here.counts()).toMatchObject({ received: 0 });
    expect(here.counts().sent).toBeGreaterThanOrEqual(there.counts().received);
    // Once, when the connection was made, and never for what nobody announced.
    expect(heard.filter(([who]) => who === "not asked")).toHaveLength(1);
    await here.close();
    await there.close();
    expect(there.counts().isListening).toBe(false);
  });

  it("wake everybody after the connection was lost, for what was announced meanwhile is lost", async () => {
    const wakeups = createWakeups(db.database, { onError: () => {} });
    let woken = 0;
    wakeups.listen("topic:3", () => {
      woken += 1;
    });
    const cut = async () => {
      const { rows } = await db.database.pool.query(
        `SELECT count(pg_terminate_backend(pid)) AS cut FROM pg_stat_activity
          WHERE datname = current_database() AND query LIKE 'LISTEN%'`,
      );
      return rows[0].cut;
    };
    await expect.poll(() => woken).toBe(1);
    expect(await cut()).toBeGreaterThan(0);
    await expect.poll(() => woken, { timeout: 5_000 }).toBe(2);
    await wakeups.close();
  });

  it("come again after the packets of the connection that listens have vanished", async () => {
    const way = await severableDatabase(db.url);
    const database = openDatabase({
      url: way.url,
      maxConnections: 1,
      onError: () => {},
      bounds: { statementMs: 300, silenceMs: 100 },
    });
    const wakeups = createWakeups(database, { onError: () => {}, keepAliveMs: 50 });
    onTestFinished(async () => {
      await way.close();
      await wakeups.close();
      await database.close();
    });
    const heard: WakeupOrigin[] = [];
    wakeups.listen("topic:4", (origin) => heard.push(origin));
    await expect.poll(() => heard).toEqual(["elsewhere"]);
    way.lose();
    await expect.poll(() => heard, { timeout: 10_000 }).toEqual(["elsewhere", "elsewhere"]);
  });

  it("fit into PostgreSQL's payloads, all of them", () => {
    const channels = Array.from({ length: 3_000 }, (_, index) => `topic:${index}`);
    const payloads = payloadsOf(channels, "instance");
    expect(payloads.every((payload) => payload.length <= 7_000)).toBe(true);
    expect(payloads.flatMap((payload) => payload.split(" ").slice(1))).toEqual(channels);
  });
});
