import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createClient } from "../../../client/create-client.ts";
import { freePort } from "../../embedded/free-port.ts";
import { accountForPostgres } from "../../embedded/run-as.ts";
import { startServerProcess } from "../server-process.ts";
import { testDatabase } from "../test-database.ts";
import { expectAnswers } from "./expect-answers.ts";
import { type Fault, faultTest } from "./fault-test.ts";
import { programPath } from "./needs.ts";
import { isOneSentence, refusedStart } from "./server-run.ts";
import { untilListening } from "./until-listening.ts";
import { untilSettled } from "./until-settled.ts";

/** A pgbouncer as Debian ships it, in front of a database. */
async function pgbouncer(fault: Fault, databaseUrl: string, mode: "session" | "transaction"): Promise<string> {
  const target = new URL(databaseUrl);
  const port = await freePort(0);
  const users = join(fault.directory, `users-${mode}.txt`);
  await writeFile(users, `"${target.username}" "${target.password}"\n`);
  const config = join(fault.directory, `pgbouncer-${mode}.ini`);
  await writeFile(
    config,
    `[databases]
* = host=${target.hostname} port=${target.port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = ${users}
pool_mode = ${mode}
default_pool_size = 40
ignore_startup_parameters = extra_float_digits
`,
  );
  for (const file of [users, config]) await chmod(file, 0o644);
  const child = spawn(programPath("pgbouncer") ?? "", [config], { ...accountForPostgres(), stdio: "ignore", cwd: "/" });
  fault.cleanUp(async () => {
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  });
  await untilListening(port);
  const url = new URL(databaseUrl);
  url.port = String(port);
  return url.href;
}

faultTest(
  "a pgbouncer by transaction is refused at the start with a sentence; by session everything works through it",
  { rows: ["N7"], budgetS: { short: 120, long: 120 }, needs: ["pgbouncer"] },
  async (fault) => {
    const db = await testDatabase();
    fault.cleanUp(() => db.drop());
    const refused = await refusedStart({ DATABASE_URL: await pgbouncer(fault, db.url, "transaction") });
    const isTold = refused.code === 1 && isOneSentence(refused) && refused.said.includes("pool_mode = session");
    fault.holds("by transaction it is refused in a sentence", isTold, refused);

    const server = await startServerProcess({ DATABASE_URL: await pgbouncer(fault, db.url, "session") });
    fault.cleanUp(() => server.stop());
    const client = createClient(server);
    await client.declareTopic("orders");
    const consumed = { consumer: "ledger", topic: "orders" };
    await client.declareConsumer("ledger", { topics: [{ topic: "orders", start: "earliest" }], partitions: 2 });
    await fault.members({ consumer: "ledger", target: server, workMs: 2 }).start(2);
    fault.watch(server, "ledger", "orders");
    const follower = fault.follower(server, "orders");
    const load = fault.producers({ topic: "orders", producers: 4, targets: [server], paceMs: 10 });
    await load.untilAcknowledged(fault.size(200, 2_000));
    await load.finish();
    await follower.until(load.acknowledged());
    await untilSettled(server, consumed);
    expectAnswers(fault, load.asked);
    await fault.conclude(server, { topics: ["orders"], consumers: [consumed] });
  },
);
