import { setTimeout as delay } from "node:timers/promises";
import { createClient } from "../../../client/create-client.ts";
import { Instances } from "../actors/instances.ts";
import { testDatabase } from "../test-database.ts";
import { faultTest } from "./fault-test.ts";
import { untilSettled } from "./until-settled.ts";

// `npm run test:chaos` looks for a minute, with another seed each time.
const { CHAOS_SECONDS } = process.env;
const topic = "payments";
const consumer = "ledger";

faultTest(
  "three instances, eight members, a kill each second: the account adds up, every key is in order, nothing died",
  { rows: ["R1", "R8", "T5"], budgetS: { short: 250 + Number(CHAOS_SECONDS ?? 0), long: 400 } },
  async (fault) => {
    const seconds = CHAOS_SECONDS === undefined ? fault.size(10, 120) : Number(CHAOS_SECONDS);
    const db = await testDatabase();
    fault.cleanUp(() => db.drop());
    const instances = new Instances({ DATABASE_URL: db.url, DATABASE_CONNECTIONS: "10" });
    fault.cleanUp(() => instances.close());
    await instances.start(3);
    const client = createClient(instances.target);
    await client.declareTopic(topic);
    await client.declareConsumer(consumer, { topics: [{ topic, start: "earliest" }], partitions: 8 });
    const members = fault.members({ consumer, target: instances.target, workMs: 10 });
    await members.start(8);
    fault.watch(instances.target, consumer, topic);
    const follower = fault.follower(instances.target, topic);
    const load = fault.producers({ topic, producers: 8, targets: [instances.target], paceMs: 40 });

    const killed: string[] = [];
    for (const endsAt = Date.now() + seconds * 1_000; Date.now() < endsAt; ) {
      await delay(1_000);
      if (killed.length % 2 === 0) {
        const index = Math.floor(fault.random() * members.count);
        killed.push(`member ${index} (${members.kindOf(index)})`);
        await members.replace(index);
      } else {
        const index = Math.floor(fault.random() * instances.count);
        killed.push(`instance ${index}`);
        await instances.replace(index);
      }
    }
    await load.finish();
    await follower.until(load.acknowledged());
    const account = await untilSettled(instances.target, { consumer, topic });
    fault.fact("killed", killed);
    fault.fact("events", load.acknowledged());
    fault.holds("everything was settled, nothing died", account.settled.count === load.acknowledged(), account);
    await fault.conclude(instances.target, { topics: [topic], consumers: [{ consumer, topic }] });
  },
);
