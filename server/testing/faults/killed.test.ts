import { setTimeout as delay } from "node:timers/promises";
import { createClient } from "../../../client/create-client.ts";
import { Instances } from "../actors/instances.ts";
import type { Asked } from "../actors/producers.ts";
import { isReady } from "../server-process.ts";
import { testDatabase } from "../test-database.ts";
import { expectAnswers } from "./expect-answers.ts";
import { faultTest } from "./fault-test.ts";
import { ownCluster } from "./own-cluster.ts";
import { untilSettled } from "./until-settled.ts";

const topic = "orders";
const consumer = "ledger";

/** The longest time without an acknowledgement, which is what producers feel of an outage. */
function longestPauseMs(asked: readonly Asked[]): number {
  const at = asked.filter((it) => it.status === 201).map((it) => it.at + it.tookMs);
  return Math.round(Math.max(0, ...at.sort((a, b) => a - b).map((it, i) => it - (at[i - 1] ?? it))));
}

faultTest(
  "kill -9 of PostgreSQL and all its backends under load: what was acknowledged survives, and servers go on by themselves",
  { rows: ["R2", "R3"], budgetS: { short: 120, long: 300 } },
  async (fault) => {
    const cluster = await ownCluster(fault.directory);
    fault.cleanUp(() => cluster.stop("immediate"));
    const instances = new Instances({ DATABASE_URL: cluster.url, DATABASE_CONNECTIONS: "10" });
    fault.cleanUp(() => instances.close());
    await instances.start(2);
    const client = createClient(instances.target);
    await client.declareTopic(topic);
    await client.declareConsumer(consumer, { topics: [{ topic, start: "earliest" }], partitions: 4 });
    await fault.members({ consumer, target: instances.target, workMs: 4 }).start(3);
    fault.watch(instances.target, consumer, topic);
    const followers = instances.targets.map((target) => fault.follower(target, topic));
    const load = fault.producers({ topic, producers: 8, targets: instances.targets, paceMs: 20 });

    const cycles = fault.size(1, 25);
    for (let cycle = 0; cycle < cycles; cycle += 1) {
      await load.untilAcknowledged(60);
      await delay(fault.random() * 200);
      if (cycle % 5 === 4) await cluster.stop(fault.random() < 0.5 ? "fast" : "immediate");
      else await cluster.killAll();
      await delay(fault.random() * 500);
      await cluster.start();
    }
    await load.untilAcknowledged(100);
    await load.finish();
    await Promise.all(followers.map((it) => it.until(load.acknowledged())));
    await untilSettled(instances.target, { consumer, topic });
    fault.fact("kills", cycles);
    fault.fact("longest pause between acknowledgements, ms", longestPauseMs(load.asked));
    for (let i = 0; i < instances.count; i += 1) {
      const { child, url } = await instances.processOf(i);
      fault.holds("no server ended", child.exitCode === null && child.signalCode === null);
      fault.holds("/readyz says 200 again", await isReady(url));
    }
    expectAnswers(fault, load.asked);
    await fault.conclude(instances.target, { topics: [topic], consumers: [{ consumer, topic }] });
  },
);

faultTest(
  "kill -9 of a server during publishes loses nothing that was acknowledged and stores nothing twice",
  { rows: ["R1"], budgetS: { short: 90, long: 300 } },
  async (fault) => {
    const db = await testDatabase();
    fault.cleanUp(() => db.drop());
    const instances = new Instances({ DATABASE_URL: db.url });
    fault.cleanUp(() => instances.close());
    await instances.start(1);
    await createClient(instances.target).declareTopic(topic);
    const follower = fault.follower(instances.target, topic);
    const load = fault.producers({ topic, producers: 16, targets: instances.targets });
    const recoveries: number[] = [];
    for (let cycle = 0; cycle < fault.size(1, 40); cycle += 1) {
      await load.untilAcknowledged(300);
      await delay(fault.random() * 100);
      const killedAt = performance.now();
      await instances.replace(0);
      await instances.settled();
      await load.untilAcknowledged(1);
      recoveries.push(Math.round(performance.now() - killedAt));
    }
    await load.finish();
    await follower.until(load.acknowledged());
    fault.fact("kills", recoveries.length);
    fault.fact("longest time from a kill to the next acknowledgement, ms", Math.max(...recoveries));
    await fault.conclude(instances.target, { topics: [topic], consumers: [] });
  },
);
