import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createClient } from "../../../client/create-client.ts";
import { freePort } from "../../embedded/free-port.ts";
import { startServerProcess } from "../server-process.ts";
import { testDatabase } from "../test-database.ts";
import { faultTest } from "./fault-test.ts";
import { ownCluster } from "./own-cluster.ts";
import { isOneSentence, refusedStart } from "./server-run.ts";

faultTest(
  "a start that cannot succeed ends with one sentence that says why and what to do",
  { rows: ["S1"], budgetS: { short: 200, long: 200 } },
  async (fault) => {
    const db = await testDatabase();
    fault.cleanUp(() => db.drop());
    const changed = (parts: Partial<Pick<URL, "password" | "pathname" | "port">>) =>
      Object.assign(new URL(db.url), parts).href;
    const cases = {
      "a wrong password": [changed({ password: "wrong" }), /does not let "millrace" in/],
      "a database that is not there": [changed({ pathname: "/nowhere" }), /no database "nowhere"/],
      "nobody at the address": [changed({ port: "1" }), /was not ready within 60 s/],
    } as const;
    await Promise.all(
      Object.entries(cases).map(async ([name, [url, sentence]]) => {
        const refused = await refusedStart({ DATABASE_URL: url });
        const isTold = refused.code === 1 && isOneSentence(refused) && sentence.test(refused.said);
        fault.holds(`${name} is told in a sentence`, isTold, refused);
        fault.holds("no password is told", !refused.said.includes(new URL(url).password), refused.said);
      }),
    );

    await db.database.pool.query(
      `INSERT INTO _prisma_migrations (id, checksum, finished_at, migration_name, started_at, applied_steps_count)
       VALUES ('from-the-future', 'x', now(), '99999999999999_from_the_future', now(), 1)`,
    );
    const older = await refusedStart({ DATABASE_URL: db.url });
    const isRefused = older.code === 1 && isOneSentence(older) && older.said.includes("99999999999999_from_the_future");
    fault.holds("an older build refuses a newer database in a sentence", isRefused, older);
    await db.database.pool.query("DELETE FROM _prisma_migrations WHERE id = 'from-the-future'");

    const server = await startServerProcess({ DATABASE_URL: db.url });
    fault.cleanUp(() => server.stop());
    await createClient(server).declareTopic("orders");
    await fault.conclude(server, { topics: ["orders"], consumers: [] });
  },
);

faultTest(
  "a database that comes up after the server is waited for",
  { rows: ["S1"], budgetS: { short: 120, long: 120 } },
  async (fault) => {
    const cluster = await ownCluster(fault.directory);
    fault.cleanUp(() => cluster.stop("immediate"));
    await cluster.stop("fast");
    const starting = startServerProcess({ DATABASE_URL: cluster.url });
    starting.catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, 5_000));
    await cluster.start();
    const server = await starting;
    fault.cleanUp(() => server.stop());
    await createClient(server).declareTopic("orders");
    const load = fault.producers({ topic: "orders", producers: 2, targets: [server] });
    await load.untilAcknowledged(20);
    await load.finish();
    await fault.conclude(server, { topics: ["orders"], consumers: [] });
  },
);

faultTest(
  "two servers on one DATA_DIR: the second refuses in a sentence, the first goes on; a pid file of somebody else's pid is no hindrance",
  { rows: ["S2"], budgetS: { short: 120, long: 120 } },
  async (fault) => {
    const DATA_DIR = fault.directory;
    const port = await freePort(0);
    const first = await startServerProcess({ DATA_DIR, PORT: port });
    await createClient(first).declareTopic("orders");
    const load = fault.producers({ topic: "orders", producers: 4, targets: [first] });
    await load.untilAcknowledged(20);
    const second = await refusedStart({ DATA_DIR });
    const isTold = second.code === 1 && isOneSentence(second) && second.said.includes("already runs on");
    fault.holds("the second refuses in a sentence", isTold, second);
    await load.untilAcknowledged(20);
    await load.finish();
    await first.stop();

    // As a crash leaves it, when the number has gone to another process since: this one.
    const cluster = join(DATA_DIR, "postgres");
    await writeFile(join(cluster, "postmaster.pid"), `${process.pid}\n${cluster}\n1\n1\n\n127.0.0.1\n`);
    const again = await startServerProcess({ DATA_DIR, PORT: port });
    fault.cleanUp(() => again.stop());
    await fault.conclude(again, { topics: ["orders"], consumers: [] });
  },
);
