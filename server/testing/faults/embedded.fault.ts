import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { createClient } from "../../../client/create-client.ts";
import { runningPostmaster } from "../../embedded/pid-file.ts";
import { isReady, startServerProcess } from "../server-process.ts";
import { expectAnswers } from "./expect-answers.ts";
import { faultTest } from "./fault-test.ts";

const topic = "orders";

faultTest(
  "kill -9 of the embedded PostgreSQL: its server starts it again, and loses nothing",
  { rows: ["R2"], budgetS: { short: 90, long: 120 } },
  async (fault) => {
    const server = await startServerProcess({ DATA_DIR: fault.directory });
    fault.cleanUp(() => server.stop());
    await createClient(server).declareTopic(topic);
    const load = fault.producers({ topic, producers: 16, targets: [server] });
    for (let kills = 0; kills < fault.size(1, 8); kills += 1) {
      await load.untilAcknowledged(200);
      process.kill(await postmasterOf(fault.directory), "SIGKILL");
    }
    await load.untilAcknowledged(200);
    await load.finish();
    expectAnswers(fault, load.asked);
    fault.holds("the server lived on", server.child.exitCode === null);
    fault.holds("/readyz says 200 again", await isReady(server.url));
    await fault.conclude(server, { topics: [topic], consumers: [] });
  },
);

async function postmasterOf(dataDir: string): Promise<number> {
  for (const until = Date.now() + 20_000; ; await delay(50)) {
    const running = await runningPostmaster(join(dataDir, "postgres"));
    if (running !== null) return running.pid;
    if (Date.now() > until) throw new Error("PostgreSQL did not come back");
  }
}
