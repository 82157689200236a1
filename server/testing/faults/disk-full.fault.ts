import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, statfsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { createClient } from "../../../client/create-client.ts";
import { get } from "../oracle/observe.ts";
import { ask, type Target } from "../publish-load.ts";
import { isReady, startServerProcess } from "../server-process.ts";
import { expectAnswers } from "./expect-answers.ts";
import { type Fault, faultTest } from "./fault-test.ts";
import { type OwnCluster, ownCluster } from "./own-cluster.ts";

const topic = "orders";
const DISK_MB = 288;

/** A PostgreSQL whose disk is a small file system of its own, and a file on it that a test can make room with. */
async function smallDisk(fault: Fault): Promise<{ cluster: OwnCluster; mount: string; fill(): void; free(): void }> {
  const mount = join(fault.directory, "disk");
  mkdirSync(mount);
  execFileSync("mount", ["-t", "tmpfs", "-o", `size=${DISK_MB}m,mode=755`, "tmpfs", mount]);
  fault.cleanUp(() => execFileSync("umount", ["--lazy", mount]));
  const settings = ["max_wal_size=64MB", "min_wal_size=48MB", "shared_buffers=32MB"];
  const cluster = await ownCluster(fault.directory, { settings, clusterParent: join(mount, "database") });
  fault.cleanUp(() => cluster.stop("immediate"));
  const filler = join(mount, "filler");
  return {
    cluster,
    mount,
    fill() {
      const { bavail, bsize } = statfsSync(mount);
      // Nearly all: the next pages do not find room, or those after.
      execFileSync("fallocate", ["-l", String(Math.max(4_096, bavail * bsize - 1_048_576)), filler]);
    },
    free: () => rmSync(filler, { force: true }),
  };
}

async function untilRefused(load: { asked: readonly { status: number | null }[] }): Promise<void> {
  for (const until = Date.now() + 60_000; load.asked.filter((it) => it.status === 503).length < 20; await delay(50)) {
    if (Date.now() > until) throw new Error("the disk did not become full");
  }
}

async function readyStatus(target: Target): Promise<readonly [status: number, retryAfter: string | null]> {
  const answer = await ask(target, "/readyz");
  await answer.text();
  return [answer.status, answer.headers.get("retry-after")];
}

faultTest(
  "a disk that is full: 503 with Retry-After, /readyz says so, followers stay, and all goes on once there is room",
  { rows: ["R10"], budgetS: { short: 150, long: 150 }, needs: ["root"] },
  async (fault) => {
    const { cluster, fill, free } = await smallDisk(fault);
    const server = await startServerProcess({ DATABASE_URL: cluster.url });
    fault.cleanUp(() => server.stop());
    await createClient(server).declareTopic(topic);
    const follower = fault.follower(server, topic);
    const load = fault.producers({ topic, producers: 8, targets: [server], bytes: 20_000, paceMs: 5 });
    await load.untilAcknowledged(100);
    fill();
    await untilRefused(load);
    const [status, retryAfter] = await readyStatus(server);
    fault.holds("/readyz says 503 with Retry-After", status === 503 && /^\d+$/.test(retryAfter ?? ""), status);
    fault.holds("the follower is still connected", follower.isConnected());
    const page = await ask(server, `/v1/topics/${topic}/events?limit=10`);
    fault.holds("reads go on", page.status === 200, page.status);
    await page.text();
    free();
    const freedAt = performance.now();
    await load.untilAcknowledged(50);
    fault.fact("from room on the disk to 50 acknowledgements, ms", Math.round(performance.now() - freedAt));
    await load.finish();
    await follower.until(load.acknowledged());
    fault.holds("/readyz says 200 again", await isReady(server.url));
    fault.holds("the server lived on", server.child.exitCode === null);
    expectAnswers(fault, load.asked);
    await fault.conclude(server, { topics: [topic], consumers: [] });
  },
);

faultTest(
  "what an abandoned consumer holds back from retention fills the disk: publishing stops with 503, followers go on, and moving the consumer lets all go on",
  { rows: ["R10", "D2"], budgetS: { short: 240, long: 240 }, needs: ["root"] },
  async (fault) => {
    const { cluster, fill, free } = await smallDisk(fault);
    const server = await startServerProcess({ DATABASE_URL: cluster.url });
    fault.cleanUp(() => server.stop());
    const client = createClient(server);
    await client.declareTopic(topic, { retention: { maxEvents: 100 } });
    await client.declareConsumer("abandoned", { topics: [{ topic, start: "earliest" }] });
    const follower = fault.follower(server, topic);
    const load = fault.producers({ topic, producers: 8, targets: [server], bytes: 50_000 });
    await load.untilAcknowledged(200);
    fill();
    await untilRefused(load);
    fault.holds("/readyz says 503", (await readyStatus(server))[0] === 503);
    fault.holds("the follower is still connected", follower.isConnected());
    // What an operator does: a little room first, since also a deletion takes some.
    free();
    const post = async <Body>(path: string, body: object): Promise<Body> => {
      const answer = await ask(server, `/v1/consumers/abandoned/${path}`, {
        method: "POST",
        body: JSON.stringify(body),
      });
      if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
      return (await answer.json()) as Body;
    };
    await load.untilAcknowledged(1);
    const move = { target: { to: "latest" }, parked: "clear", state: "clear" };
    const { id: planId, token } = await post<{ id: string; token: string }>("position-plans", move);
    await post("position-changes", { planId, token, reason: "nobody reads it" });
    const tail = async () => (await get<{ tail: number }>(server, `/v1/topics/${topic}`)).tail;
    for (const until = Date.now() + 90_000; (await tail()) === 1; await delay(200)) {
      if (Date.now() > until) throw new Error("retention took nothing");
    }
    await load.untilAcknowledged(100);
    await load.finish();
    await follower.until(load.acknowledged());
    expectAnswers(fault, load.asked);
    await fault.conclude(server, { topics: [topic], consumers: [] });
  },
);
