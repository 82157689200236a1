import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { createClient } from "../../../client/create-client.ts";
import { freePort } from "../../embedded/free-port.ts";
import { Instances } from "../actors/instances.ts";
import { testDatabase } from "../test-database.ts";
import { type Fault, faultTest } from "./fault-test.ts";
import { programPath } from "./needs.ts";
import { untilListening } from "./until-listening.ts";
import { untilSettled } from "./until-settled.ts";

/** nginx with nothing but `proxy_pass`: buffering on, HTTP/1.0 to the server, 60 s of silence. */
async function nginx(fault: Fault, upstreams: readonly string[]): Promise<string> {
  const port = await freePort(0);
  const prefix = join(fault.directory, "nginx");
  await mkdir(prefix, { recursive: true });
  const config = join(prefix, "nginx.conf");
  const servers = upstreams.map((it) => `server ${new URL(it).host};`).join(" ");
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
    (it) => `${it}_temp_path ${prefix}/${it};`,
  );
  await writeFile(
    config,
    `daemon off; pid ${prefix}/pid; error_log ${prefix}/error.log;
events {}
http {
  access_log off; ${temporary.join(" ")}
  upstream millrace { ${servers} }
  server { listen 127.0.0.1:${port}; location / { proxy_pass http://millrace; } }
}
`,
  );
  const child = spawn(programPath("nginx") ?? "", ["-p", prefix, "-c", config], { stdio: "ignore" });
  fault.cleanUp(async () => {
    const ended = once(child, "exit");
    child.kill("SIGTERM");
    await ended;
  });
  await untilListening(port);
  return `http://127.0.0.1:${port}`;
}

faultTest(
  "behind an nginx with its defaults, instances replaced meanwhile: streams arrive at once and complete, members of every kind work",
  { rows: ["N7"], budgetS: { short: 150, long: 240 }, needs: ["nginx"] },
  async (fault) => {
    const db = await testDatabase();
    fault.cleanUp(() => db.drop());
    const instances = new Instances({ DATABASE_URL: db.url, DATABASE_CONNECTIONS: "10" });
    fault.cleanUp(() => instances.close());
    await instances.start(2);
    const target = {
      ...instances.target,
      url: await nginx(
        fault,
        instances.targets.map((it) => it.url),
      ),
    };
    const client = createClient(target);
    await client.declareTopic("orders");
    const consumed = { consumer: "ledger", topic: "orders" };
    await client.declareConsumer("ledger", { topics: [{ topic: "orders", start: "earliest" }], partitions: 4 });
    await fault.members({ consumer: "ledger", target, workMs: 4 }).start(3);
    fault.watch(target, "ledger", "orders");
    const follower = fault.follower(target, "orders");
    const load = fault.producers({ topic: "orders", producers: 4, targets: [target], paceMs: 20 });
    await load.untilAcknowledged(100);
    const atOnce = Date.now();
    await follower.until(load.acknowledged(), 5_000);
    fault.fact("behind what was acknowledged, ms", Date.now() - atOnce);
    for (let cycle = 0; cycle < fault.size(2, 10); cycle += 1) {
      await instances.replace(cycle % 2);
      await instances.settled();
      await load.untilAcknowledged(100);
    }
    if (fault.size(0, 1) === 1) {
      // Longer than nginx waits for a word from the server.
      const connections = follower.connections();
      await load.finish();
      await follower.until(load.acknowledged());
      await delay(70_000);
      fault.holds("a silent minute ends no stream", follower.connections() === connections && follower.isConnected());
    } else await load.finish();
    await follower.until(load.acknowledged());
    await untilSettled(target, consumed);
    const strange = load.asked.filter((it) => it.status !== null && ![201, 502, 503, 504].includes(it.status));
    fault.holds("producers get 201 or what is worth repeating", strange.length === 0, strange.slice(0, 3));
    await fault.conclude(target, { topics: ["orders"], consumers: [consumed] });
  },
);
