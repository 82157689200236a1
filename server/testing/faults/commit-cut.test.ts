import { createClient } from "../../../client/create-client.ts";
import { Instances } from "../actors/instances.ts";
import { testDatabase } from "../test-database.ts";
import { commitCutter } from "./commit-cutter.ts";
import { expectAnswers } from "./expect-answers.ts";
import { faultTest } from "./fault-test.ts";
import { untilSettled } from "./until-settled.ts";

const topic = "orders";
const consumer = "ledger";

faultTest(
  "connections cut around COMMIT: an unknown outcome becomes known by repeating, nothing is lost and nothing stands twice",
  { rows: ["R4"], budgetS: { short: 90, long: 240 } },
  async (fault) => {
    const db = await testDatabase();
    fault.cleanUp(() => db.drop());
    let isCutting = false;
    let chosen = 0;
    const cutter = await commitCutter(db.url, {
      choose() {
        if (!isCutting || fault.random() > 0.08) return null;
        return chosen++ % 2 === 0 ? "before it arrives" : "before its answer";
      },
    });
    fault.cleanUp(() => cutter.close());
    const instances = new Instances({ DATABASE_URL: cutter.url, DATABASE_CONNECTIONS: "10" });
    fault.cleanUp(() => instances.close());
    await instances.start(2);
    const client = createClient(instances.target);
    await client.declareTopic(topic);
    await client.declareConsumer(consumer, { topics: [{ topic, start: "earliest" }], partitions: 4 });
    await fault.members({ consumer, target: instances.target, workMs: 4 }).start(3);
    fault.watch(instances.target, consumer, topic);
    const follower = fault.follower(instances.target, topic);
    const load = fault.producers({ topic, producers: 8, targets: instances.targets, paceMs: 10 });
    isCutting = true;
    await load.untilAcknowledged(fault.size(250, 6_000), 200_000);
    isCutting = false;
    await load.finish();
    await follower.until(load.acknowledged());
    await untilSettled(instances.target, { consumer, topic });
    fault.fact("cuts", { ...cutter.cuts });
    fault.holds(
      "both kinds of cut happened",
      Object.values(cutter.cuts).every((it) => it > 2),
      { ...cutter.cuts },
    );
    expectAnswers(fault, load.asked);
    await fault.conclude(instances.target, { topics: [topic], consumers: [{ consumer, topic }] });
  },
);
