import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { createClient } from "../../../client/create-client.ts";
import { Instances } from "../actors/instances.ts";
import { journallingFetch } from "../actors/journalling-fetch.ts";
import { streamEvents } from "../actors/plain-members.ts";
import { COUNT, LAST } from "../oracle/check-consumer.ts";
import { startServerProcess } from "../server-process.ts";
import { testDatabase } from "../test-database.ts";
import { expectAnswers } from "./expect-answers.ts";
import { faultTest } from "./fault-test.ts";
import { untilSettled } from "./until-settled.ts";

const topic = "orders";

/** A stream whose client asks, and then never reads a byte. */
function openUnread(target: { readonly url: string; readonly apiKey: string }): Socket {
  const { hostname, port } = new URL(target.url);
  const socket = connect({ host: hostname, port: Number(port) });
  socket.on("error", () => undefined);
  socket.pause();
  socket.write(
    `GET /v1/topics/${topic}/events?from=earliest HTTP/1.1\r\nhost: ${hostname}\r\nauthorization: Bearer ${target.apiKey}\r\naccept: text/event-stream\r\n\r\n`,
  );
  return socket;
}

function openSockets(pid: number): number {
  const folder = `/proc/${pid}/fd`;
  return readdirSync(folder).filter((fd) => {
    try {
      return readlinkSync(`${folder}/${fd}`).startsWith("socket:");
    } catch {
      return false;
    }
  }).length;
}

function residentMb(pid: number): number {
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1_024);
}

faultTest(
  "followers that never read are closed and cost little, those who read get everything",
  { rows: ["N1", "N2"], budgetS: { short: 200, long: 240 } },
  async (fault) => {
    const db = await testDatabase();
    fault.cleanUp(() => db.drop());
    const server = await startServerProcess({ DATABASE_URL: db.url });
    fault.cleanUp(() => server.stop());
    const pid = server.child.pid ?? 0;
    await createClient(server).declareTopic(topic);
    const follower = fault.follower(server, topic);
    const load = fault.producers({ topic, producers: 4, targets: [server], bytes: 20_000, paceMs: 100 });
    await load.untilAcknowledged(100);
    const before = { sockets: openSockets(pid), mb: residentMb(pid) };
    const count = fault.size(40, 100);
    const unread = Array.from({ length: count }, () => openUnread(server));
    fault.cleanUp(() => {
      for (const socket of unread) socket.destroy();
    });
    for (const until = Date.now() + 20_000; openSockets(pid) < before.sockets + count / 2; await delay(50)) {
      if (Date.now() > until) throw new Error("the readers did not connect");
    }
    const connectedAt = performance.now();
    let peakMb = 0;
    for (const until = Date.now() + 100_000; openSockets(pid) > before.sockets + 10; await delay(250)) {
      peakMb = Math.max(peakMb, residentMb(pid));
      if (Date.now() > until) break;
    }
    fault.fact("from connecting to the last one closed, s", Math.round((performance.now() - connectedAt) / 1_000));
    fault.fact("memory before and at most, MB", [before.mb, peakMb]);
    fault.holds("those who never read were closed", openSockets(pid) <= before.sockets + 10, openSockets(pid));
    fault.holds("each costs less than 2 MB", peakMb - before.mb < 150 + count * 2, peakMb);
    await load.finish();
    await follower.until(load.acknowledged());
    fault.holds("the one who reads was never cut off", follower.connections() === 1, follower.connections());
    expectAnswers(fault, load.asked);
    await fault.conclude(server, { topics: [topic], consumers: [] });
  },
);

faultTest(
  "2,000 followers and 200 members coming back at once after a kill: all are served again within 30 s, nobody misses anything",
  { rows: ["N9"], budgetS: { short: 240, long: 300 } },
  async (fault) => {
    const db = await testDatabase();
    fault.cleanUp(() => db.drop());
    const instances = new Instances({ DATABASE_URL: db.url });
    fault.cleanUp(() => instances.close());
    await instances.start(1);
    const [target] = instances.targets;
    if (target === undefined) throw new Error("no instance");
    const client = createClient(target);
    await client.declareTopic(topic);
    const consumed = { consumer: "ledger", topic };
    await client.declareConsumer("ledger", { topics: [{ topic, start: "earliest" }], partitions: 200 });
    const members = Array.from({ length: 200 }, (_, n) => `member-${n}`);
    for (const member of members) {
      const journal = fault.openJournal(member);
      const keyOf = (event: { readonly partitionkey?: string }) => event.partitionkey ?? "";
      void streamEvents({
        ...{ url: target.url, apiKey: target.apiKey, consumer: "ledger", member },
        fetch: journallingFetch(journal, "ledger"),
        async handle({ delivery: { offset }, event }) {
          journal.note({ kind: "handled", consumer: "ledger", topic, offset, key: event.partitionkey ?? null });
        },
        stateOf: ({ delivery, event }) => ({
          increment: { [`${COUNT}${keyOf(event)}`]: 1 },
          set: { [`${LAST}${keyOf(event)}`]: delivery.offset },
        }),
      });
    }
    const followers = Array.from({ length: fault.size(500, 2_000) }, () => fault.follower(target, topic));
    const load = fault.producers({ topic, producers: 2, targets: [target], paceMs: 400 });
    await load.untilAcknowledged(10);
    await Promise.all(followers.map((it) => it.until(10, 60_000)));
    for (let cycle = 0; cycle < fault.size(1, 2); cycle += 1) {
      await instances.replace(0);
      await instances.settled();
      const backAt = performance.now();
      await load.untilAcknowledged(1);
      fault.fact("from readiness to the next acknowledgement, ms", Math.round(performance.now() - backAt));
      const head = load.acknowledged();
      await Promise.all(followers.map((it) => it.until(head, 60_000)));
      const tookMs = Math.round(performance.now() - backAt);
      fault.fact("from readiness until every follower has what was published since, ms", tookMs);
      fault.holds("all are served again within 30 s", tookMs < 30_000, tookMs);
    }
    await load.finish();
    await untilSettled(target, consumed);
    await Promise.all(followers.map((it) => it.until(load.acknowledged(), 60_000)));
    await fault.conclude(target, { topics: [topic], consumers: [consumed] });
  },
);
