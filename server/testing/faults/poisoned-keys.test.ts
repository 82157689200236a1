import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { createClient } from "../../../client/create-client.ts";
import type { Account } from "../../contract/account.ts";
import { get } from "../oracle/observe.ts";
import { ask } from "../publish-load.ts";
import { startServerProcess } from "../server-process.ts";
import { testDatabase } from "../test-database.ts";
import { faultTest } from "./fault-test.ts";

const KEYS = 10;
const key = "k7";
const topic = "payments";
const consumer = "ledger";

faultTest(
  "ten keys, one poisoned, members killed each second: its events wait in order behind the dead one until a redrive, the others go on",
  { rows: ["T5", "T6"], budgetS: { short: 120, long: 200 } },
  async (fault) => {
    const db = await testDatabase();
    fault.cleanUp(() => db.drop());
    const server = await startServerProcess({ DATABASE_URL: db.url });
    fault.cleanUp(() => server.stop());
    const client = createClient(server);
    await client.declareTopic(topic);
    await client.declareConsumer(consumer, {
      topics: [{ topic, start: "earliest" }],
      partitions: 6,
      // Who was killed is not waited for: a pulling member's session ends by its time alone.
      ackTimeoutMs: 3_000,
      reconnectGraceMs: 1_000,
      retry: { maxAttempts: 3, backoff: { delaysMs: [200] } },
    });
    const events = fault.size(500, 10_000);
    for (let from = 0; from < events; from += 500) {
      const batch = Array.from({ length: 500 }, (_, i) => ({
        type: "payment",
        key: `k${(from + i) % KEYS}`,
        data: {},
      }));
      await client.publish(topic, batch);
    }
    const cure = join(fault.directory, "cured");
    const members = fault.members({ consumer, target: server, workMs: 4, poison: { key, cure } });
    await members.start(3);
    fault.watch(server, consumer, topic);

    const killUntil = async (isOver: (account: Account) => boolean, kills: number) => {
      for (const until = Date.now() + 100_000; ; await delay(1_000)) {
        const path = `/v1/consumers/${consumer}/account?topic=${topic}`;
        const { accounts } = await get<{ accounts: Account[] }>(server, path);
        const [account] = accounts;
        if (account !== undefined && isOver(account)) return account;
        if (Date.now() > until) throw new Error(`not over: ${JSON.stringify(account)}`);
        // Bounded, so that the end is reached however slow the machine is.
        if (members.kills < kills) await members.replace(Math.floor(fault.random() * members.count));
      }
    };
    const healthy = events - events / KEYS;
    const waiting = await killUntil((it) => it.settled.count === healthy && it.dead.count === 1, fault.size(3, 12));
    fault.holds("one is dead and all behind it are blocked", waiting.blocked.count === events / KEYS - 1, waiting);
    fault.holds("members were killed meanwhile", members.kills > 0);
    await fault.conclude(server, { topics: [topic], consumers: [{ consumer, topic }] });

    await writeFile(cure, "");
    const redrive = { filter: { key }, reason: "the account is cured" };
    await ask(server, `/v1/consumers/${consumer}/redrives`, { method: "POST", body: JSON.stringify(redrive) });
    await killUntil((it) => it.settled.count === events, members.kills + 2);
    fault.fact("kills", members.kills);
    await fault.conclude(server, { topics: [topic], consumers: [{ consumer, topic }] });
  },
);
