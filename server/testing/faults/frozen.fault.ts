import { setTimeout as delay } from "node:timers/promises";
import { createClient } from "../../../client/create-client.ts";
import { Instances } from "../actors/instances.ts";
import { testDatabase } from "../test-database.ts";
import { type Fault, faultTest } from "./fault-test.ts";
import { faketimeLibrary } from "./needs.ts";
import { untilSettled } from "./until-settled.ts";

const topic = "orders";
const consumer = "ledger";

async function underLoad(fault: Fault, instances: Instances, { members }: { members: number }) {
  const client = createClient(instances.target);
  await client.declareTopic(topic);
  await client.declareConsumer(consumer, {
    topics: [{ topic, start: "earliest" }],
    partitions: 6,
    ackTimeoutMs: 3_000,
    reconnectGraceMs: 1_000,
    // Frozen members lose deliveries for nothing that the events have done.
    retry: { maxAttempts: 20, backoff: { delaysMs: [100] } },
  });
  const crew = fault.members({ consumer, target: instances.target, workMs: 10 });
  await crew.start(members);
  fault.watch(instances.target, consumer, topic);
  return crew;
}

faultTest(
  "members that stand still longer than their leases and go on as if nothing had been: what they say late counts for nothing",
  { rows: ["T1"], budgetS: { short: 150, long: 240 } },
  async (fault) => {
    const db = await testDatabase();
    fault.cleanUp(() => db.drop());
    const instances = new Instances({ DATABASE_URL: db.url, DATABASE_CONNECTIONS: "10" });
    fault.cleanUp(() => instances.close());
    await instances.start(2);
    const crew = await underLoad(fault, instances, { members: 6 });
    const load = fault.producers({ topic, producers: 6, targets: instances.targets, paceMs: 25 });
    await load.untilAcknowledged(50);
    for (let cycle = 0; cycle < fault.size(2, 8); cycle += 1) {
      const index = Math.floor(fault.random() * crew.count);
      crew.freeze(index);
      crew.freeze((index + 1) % crew.count);
      await delay(7_000);
      crew.thaw(index);
      crew.thaw((index + 1) % crew.count);
      await delay(1_000);
    }
    await load.finish();
    const account = await untilSettled(instances.target, { consumer, topic });
    fault.holds("everything was settled, nothing died", account.settled.count === load.acknowledged(), account);
    await fault.conclude(instances.target, { topics: [topic], consumers: [{ consumer, topic }] });
  },
);

faultTest(
  "an instance that stands still longer than its leases and goes on as if nothing had been: others take over, nothing is settled twice",
  { rows: ["R8", "R13"], budgetS: { short: 200, long: 300 } },
  async (fault) => {
    const db = await testDatabase();
    fault.cleanUp(() => db.drop());
    const instances = new Instances({ DATABASE_URL: db.url, DATABASE_CONNECTIONS: "10" });
    fault.cleanUp(() => instances.close());
    await instances.start(2);
    await underLoad(fault, instances, { members: 6 });
    const load = fault.producers({ topic, producers: 6, targets: instances.targets, paceMs: 40, answerMs: 5_000 });
    await load.untilAcknowledged(50);
    for (let cycle = 0; cycle < fault.size(1, 4); cycle += 1) {
      const { child } = await instances.processOf(cycle % 2);
      child.kill("SIGSTOP");
      await delay(22_000);
      child.kill("SIGCONT");
      await delay(3_000);
    }
    await load.finish();
    const account = await untilSettled(instances.target, { consumer, topic });
    fault.holds("everything was settled, nothing died", account.settled.count === load.acknowledged(), account);
    await fault.conclude(instances.target, { topics: [topic], consumers: [{ consumer, topic }] });
  },
);

faultTest(
  "instances whose clocks are an hour apart: leases, retries and order are the database's clock's",
  { rows: ["T3"], budgetS: { short: 150, long: 240 }, needs: ["faketime"] },
  async (fault) => {
    const db = await testDatabase();
    fault.cleanUp(() => db.drop());
    const library = faketimeLibrary() ?? "";
    const clock = (FAKETIME: string) => ({ LD_PRELOAD: library, FAKETIME, FAKETIME_DONT_FAKE_MONOTONIC: "1" });
    const instances = new Instances({ DATABASE_URL: db.url, DATABASE_CONNECTIONS: "10" }, [clock("-1h"), clock("+1h")]);
    fault.cleanUp(() => instances.close());
    await instances.start(2);
    const crew = await underLoad(fault, instances, { members: 6 });
    const follower = fault.follower(instances.target, topic);
    const load = fault.producers({ topic, producers: 6, targets: instances.targets, paceMs: 25 });
    const [ahead, behind] = await Promise.all(
      instances.targets.map(async ({ url }) => Date.parse((await fetch(`${url}/healthz`)).headers.get("date") ?? "")),
    );
    fault.holds("their clocks are two hours apart", Math.abs((ahead ?? 0) - (behind ?? 0)) > 7_000_000, {
      ahead,
      behind,
    });
    for (let cycle = 0; cycle < fault.size(4, 20); cycle += 1) {
      await load.untilAcknowledged(100);
      await crew.replace(Math.floor(fault.random() * crew.count));
      if (cycle % 4 === 3) await instances.replace(cycle % 8 === 3 ? 0 : 1);
    }
    await load.finish();
    await follower.until(load.acknowledged());
    const account = await untilSettled(instances.target, { consumer, topic });
    fault.holds("everything was settled, nothing died", account.settled.count === load.acknowledged(), account);
    await fault.conclude(instances.target, { topics: [topic], consumers: [{ consumer, topic }] });
  },
);
