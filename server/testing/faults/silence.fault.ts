import { setTimeout as delay } from "node:timers/promises";
import { createClient } from "../../../client/create-client.ts";
import { transaction } from "../../store/database.ts";
import { isReady, startServerProcess } from "../server-process.ts";
import { severableDatabase } from "../severable-database.ts";
import { testDatabase } from "../test-database.ts";
import { expectAnswers } from "./expect-answers.ts";
import { faultTest } from "./fault-test.ts";

const topic = "orders";
/** The bound of a statement, that of silence, and a margin for a machine that does everything at once. */
const TOLD_MS = 12_000;

async function untilReady(url: string, wanted: boolean): Promise<boolean> {
  for (const until = Date.now() + TOLD_MS; Date.now() < until; await delay(100)) {
    if ((await isReady(url)) === wanted) return true;
  }
  return false;
}

faultTest(
  "packets that vanish or are held back, and a table that somebody has locked: every publish is answered in time, /readyz tells, and all goes on",
  { rows: ["W1"], budgetS: { short: 150, long: 240 } },
  async (fault) => {
    const db = await testDatabase();
    fault.cleanUp(() => db.drop());
    const way = await severableDatabase(db.url);
    fault.cleanUp(() => way.close());
    const server = await startServerProcess({ DATABASE_URL: way.url });
    fault.cleanUp(() => server.stop());
    await createClient(server).declareTopic(topic);
    const follower = fault.follower(server, topic);
    const load = fault.producers({ topic, producers: 8, targets: [server], paceMs: 20 });
    const goesOn = async (after: string) => {
      const startedAt = performance.now();
      await load.untilAcknowledged(50);
      fault.fact(`from ${after} to 50 acknowledgements, ms`, Math.round(performance.now() - startedAt));
      fault.holds(`/readyz says 200 after ${after}`, await untilReady(server.url, true));
    };
    await load.untilAcknowledged(50);
    for (let cycle = 0; cycle < fault.size(1, 3); cycle += 1) {
      way.lose();
      await goesOn("connections that were lost without a word");

      way.holdBack();
      fault.holds("/readyz says 503 while packets are held back", await untilReady(server.url, false));
      await delay(fault.random() * 10_000);
      way.letGo();
      await goesOn("packets that were held back");

      await transaction(db.database.pool, async (client) => {
        await client.query("LOCK TABLE topic_head IN ACCESS EXCLUSIVE MODE");
        fault.holds("/readyz says 503 while a table is locked", await untilReady(server.url, false));
      });
      await goesOn("a lock");
    }
    await load.finish();
    await follower.until(load.acknowledged());
    expectAnswers(fault, load.asked);
    await fault.conclude(server, { topics: [topic], consumers: [] });
  },
);

faultTest(
  "an instance whose connections to the database are lost without a word: its followers hear of what others publish within a bound",
  { rows: ["N5"], budgetS: { short: 90, long: 150 } },
  async (fault) => {
    const db = await testDatabase();
    fault.cleanUp(() => db.drop());
    const way = await severableDatabase(db.url);
    fault.cleanUp(() => way.close());
    const deaf = await startServerProcess({ DATABASE_URL: way.url });
    fault.cleanUp(() => deaf.stop());
    const other = await startServerProcess({ DATABASE_URL: db.url });
    fault.cleanUp(() => other.stop());
    await createClient(other).declareTopic(topic);
    const follower = fault.follower(deaf, topic);
    const load = fault.producers({ topic, producers: 1, targets: [other], paceMs: 100 });
    for (let cycle = 0; cycle < fault.size(2, 6); cycle += 1) {
      await load.untilAcknowledged(10);
      await follower.until(load.acknowledged());
      const { child } = deaf;
      way.lose();
      const lostAt = performance.now();
      await load.untilAcknowledged(1);
      await follower.until(load.acknowledged());
      const tookMs = Math.round(performance.now() - lostAt);
      fault.holds("a follower hears within the bound", tookMs < TOLD_MS, tookMs);
      fault.holds("the server lived on", child.exitCode === null);
      fault.fact(`heard after, ms (${cycle + 1})`, tookMs);
    }
    await load.finish();
    await follower.until(load.acknowledged());
    expectAnswers(fault, load.asked);
    await fault.conclude(deaf, { topics: [topic], consumers: [] });
  },
);

faultTest(
  "sessions of the database that are ended five times a second: no server ends, nearly all publishes succeed at once",
  { rows: ["R6"], budgetS: { short: 90, long: 150 } },
  async (fault) => {
    const db = await testDatabase();
    fault.cleanUp(() => db.drop());
    const server = await startServerProcess({ DATABASE_URL: db.url });
    fault.cleanUp(() => server.stop());
    await createClient(server).declareTopic(topic);
    const follower = fault.follower(server, topic);
    const load = fault.producers({ topic, producers: 8, targets: [server], paceMs: 20 });
    await load.untilAcknowledged(20);
    let ended = 0;
    for (const until = Date.now() + fault.size(10, 60) * 1_000; Date.now() < until; await delay(200)) {
      const { rowCount } = await db.database.pool.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE datname = current_database() AND pid <> pg_backend_pid() ORDER BY random() LIMIT 1`,
      );
      ended += rowCount ?? 0;
    }
    await load.finish();
    await follower.until(load.acknowledged());
    const good = load.asked.filter((it) => it.status === 201).length / load.asked.length;
    fault.fact("sessions ended", ended);
    fault.fact("publishes that succeeded at once", good);
    fault.holds("sessions were ended", ended > 20, ended);
    fault.holds("at least nine of ten publishes succeed at once", good >= 0.9, good);
    fault.holds("the server lived on", server.child.exitCode === null);
    expectAnswers(fault, load.asked);
    await fault.conclude(server, { topics: [topic], consumers: [] });
  },
);
