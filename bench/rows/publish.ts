import type { Emmett } from "../children/emmett.ts";
import type { HttpLoad } from "../children/http-load.ts";
import type { MessageDb } from "../children/message-db.ts";
import type { NodeHttp } from "../children/node-http.ts";
import type { Bench, Row } from "../harness/bench.ts";
import { type Child, startChild } from "../harness/child.ts";
import { runScripts } from "../harness/cluster.ts";
import { measured, ratios, verdict } from "../harness/figure.ts";
import { messageDbScripts } from "../harness/message-db-scripts.ts";
import { interleave } from "../harness/rounds.ts";
import type { LoopResult } from "../load/closed-loop.ts";

const CONNECTIONS = 256;
const CONCURRENCIES = [8, 16, 32, 64];
const TOPIC = "bench-singles";

/** Tries each concurrency for a while and answers the one with the highest rate. */
async function best(
  measure: (connections: number) => Promise<number>,
): Promise<{ connections: number; tried: string }> {
  const tried: { connections: number; rate: number }[] = [];
  for (const connections of CONCURRENCIES) tried.push({ connections, rate: await measure(connections) });
  const winner = tried.reduce((a, b) => (b.rate > a.rate ? b : a));
  return {
    connections: winner.connections,
    tried: tried.map(({ connections, rate }) => `${connections}: ${Math.round(rate)}/s`).join(", "),
  };
}

/** The rate of a publishing loop in which nothing was refused. */
export function accepted({ requestsPerSecond, refused, firstRefusal }: LoopResult): number {
  if (refused > 0) throw new Error(`${refused} requests were refused, the first with ${firstRefusal}`);
  return requestsPerSecond;
}

async function openMessageDb({ cluster, isQuick }: Bench, messageDb: Child<MessageDb>) {
  const url = await cluster.createDatabase("bench_message_db");
  await runScripts(url, messageDbScripts(), "-c search_path=message_store,public -c client_min_messages=warning");
  const search = { warmUpMs: 500, windowMs: isQuick ? 500 : 2_500 };
  // As many categories as connections: write_message locks its stream's category, so one category would queue.
  const { connections, tried } = await best(async (connections) => {
    await messageDb.call("open", { url, connections });
    return messageDb.call("write", { categories: connections, ...search });
  });
  await messageDb.call("open", { url, connections });
  return { connections, tried };
}

async function openEmmett({ cluster, isQuick }: Bench, emmett: Child<Emmett>) {
  const url = await cluster.createDatabase("bench_emmett");
  await emmett.call("migrate", { url });
  const { connections, tried } = await best(async (connections) => {
    await emmett.call("open", { url, connections });
    return emmett.call("write", { warmUpMs: 500, windowMs: isQuick ? 500 : 2_500 });
  });
  await emmett.call("open", { url, connections });
  return { connections, tried };
}

export const publish: Row = {
  name: "publish",
  async run(bench) {
    const { millrace, rounds, isQuick } = bench;
    const load = startChild<HttpLoad>("http-load");
    const nodeHttp = startChild<NodeHttp>("node-http");
    const messageDb = startChild<MessageDb>("message-db");
    const emmett = startChild<Emmett>("emmett");
    try {
      const peerA = await openMessageDb(bench, messageDb);
      const peerB = await openEmmett(bench, emmett);
      const nodePort = await nodeHttp.call("listen", undefined);
      await millrace.request("PUT", `/v1/topics/${TOPIC}`, {});
      const path = `/v1/topics/${TOPIC}/events`;
      const window = { warmUpMs: isQuick ? 500 : 1_000, windowMs: isQuick ? 1_000 : 4_000 };
      const singles = async (target: { port: number; apiKey?: string }) =>
        accepted(await load.call("singles", { target, path, connections: CONNECTIONS, ...window }));
      await singles(millrace.target);

      const values = await interleave(rounds, [
        { name: "Message DB", measure: () => messageDb.call("write", { categories: peerA.connections, ...window }) },
        { name: "Millrace", measure: () => singles(millrace.target) },
        { name: "node:http", measure: () => singles({ ...millrace.target, port: nodePort }) },
        { name: "one category", measure: () => messageDb.call("write", { categories: 1, ...window }) },
        { name: "Emmett", measure: () => emmett.call("write", window) },
      ]);
      const of = (name: string) => values.get(name) ?? [];
      return [
        {
          row: "publish",
          work: "single-event publishes over HTTP, 256 connections, one topic",
          measured: [
            measured("Millrace, over HTTP", "events/s", of("Millrace")),
            measured("Message DB, write_message", "events/s", of("Message DB")),
            measured("Message DB, write_message, all streams in one category", "events/s", of("one category")),
            measured("Emmett, appendToStream", "events/s", of("Emmett")),
            measured("ceiling: node:http, nothing stored", "requests/s", of("node:http")),
          ],
          verdicts: [
            verdict("÷ Message DB", "×", ratios(of("Millrace"), of("Message DB")), { relation: "≥", must: 4, aim: 7 }),
            verdict("÷ Emmett", "×", ratios(of("Millrace"), of("Emmett")), { relation: "≥", must: 4, aim: 7 }),
            verdict("÷ Message DB in one category", "×", ratios(of("Millrace"), of("one category")), { relation: "≥" }),
            verdict("÷ node:http", "×", ratios(of("Millrace"), of("node:http")), { relation: "≥" }),
          ],
          notes: [
            `Message DB by connections: ${peerA.tried}; best ${peerA.connections}, a category for each. ` +
              "write_message locks the category of its stream, so one category is the nearest to one topic.",
            `Emmett by connections: ${peerB.tried}; best ${peerB.connections}, every append to a stream of its own.`,
            "Both peers are called in-process through pg, with no HTTP between; Millrace and node:http over HTTP.",
          ],
        },
      ];
    } finally {
      await Promise.all([load, nodeHttp, messageDb, emmett].map((child) => child.stop()));
    }
  },
};
