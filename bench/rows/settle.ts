import type { GraphileWorker } from "../children/graphile-worker.ts";
import type { PgBossPeer } from "../children/pg-boss.ts";
import type { RedisStreams } from "../children/redis-streams.ts";
import type { WorkingMember } from "../children/working-member.ts";
import type { Row } from "../harness/bench.ts";
import { startChild } from "../harness/child.ts";
import { measured, ratios, verdict } from "../harness/figure.ts";
import { startRedis } from "../harness/redis-server.ts";
import { interleave } from "../harness/rounds.ts";

const TOPIC = "bench-settle";
const KEYS = 1_000;

/** What a component does all day: handle an event, keep something, be done with it; and now and then fail. */
export const settle: Row = {
  name: "settle",
  async run({ cluster, millrace, rounds, isQuick }) {
    const member = startChild<WorkingMember>("working-member");
    const boss = startChild<PgBossPeer>("pg-boss");
    const worker = startChild<GraphileWorker>("graphile-worker");
    const streams = startChild<RedisStreams>("redis-streams");
    const redis = await startRedis(cluster.directory);
    try {
      const events = isQuick ? 5_000 : 40_000;
      const { target } = millrace;
      await millrace.request("PUT", `/v1/topics/${TOPIC}`, {});
      await member.call("fill", { target, topic: TOPIC, events, keys: KEYS });
      await boss.call("open", { url: await cluster.createDatabase("bench_pg_boss") });
      await worker.call("open", { url: await cluster.createDatabase("bench_graphile") });
      if (redis !== null) await streams.call("open", { port: redis.port });
      await cluster.checkpoint();
      let declared = 0;
      const run = async (work: "nothing" | "state" | "failing") => {
        const consumer = `bench-settle-${++declared}`;
        await millrace.request("PUT", `/v1/consumers/${consumer}`, { topics: [{ topic: TOPIC }], maxInFlight: 2_000 });
        const rate = await member.call("run", { target, consumer, events, work });
        const { parked, topics } = (await millrace.request("GET", `/v1/consumers/${consumer}`)) as Described;
        if (topics[0]?.position !== events || parked.retrying + parked.dead + parked.blocked > 0) {
          throw new Error(`${consumer} has not settled everything`);
        }
        return rate;
      };
      const redisWith = async (policy: "always" | "everysec") => {
        await streams.call("fsync", { policy });
        return streams.call("run", { entries: events });
      };
      await run("nothing");
      const values = await interleave(rounds, [
        { name: "nothing", measure: () => run("nothing") },
        { name: "state", measure: () => run("state") },
        { name: "failing", measure: () => run("failing") },
        { name: "pg-boss", measure: () => boss.call("run", { jobs: events }) },
        { name: "graphile", measure: () => worker.call("run", { jobs: events }) },
        ...(redis === null
          ? []
          : [
              { name: "always", measure: () => redisWith("always") },
              { name: "everysec", measure: () => redisWith("everysec") },
            ]),
      ]);
      const of = (name: string) => values.get(name) ?? [];
      return [
        {
          row: "settle",
          work: "deliver + settle with state, and with 1 % failures",
          measured: [
            measured("Millrace, no state", "events/s", of("nothing")),
            measured("Millrace, a state entry with each settlement", "events/s", of("state")),
            measured("Millrace, one event in a hundred fails once", "events/s", of("failing")),
            measured("pg-boss, fetch and complete", "jobs/s", of("pg-boss")),
            measured("graphile-worker, its runner", "jobs/s", of("graphile")),
            ...(redis === null
              ? []
              : [
                  measured("Redis streams, appendfsync always", "entries/s", of("always")),
                  measured("Redis streams, appendfsync everysec", "entries/s", of("everysec")),
                ]),
          ],
          verdicts: [
            verdict("with state ÷ pg-boss", "×", ratios(of("state"), of("pg-boss")), { relation: "≥" }),
            verdict("with state ÷ graphile-worker", "×", ratios(of("state"), of("graphile")), { relation: "≥" }),
            ...(redis === null
              ? []
              : [
                  verdict("with state ÷ Redis (always)", "×", ratios(of("state"), of("always")), { relation: "≥" }),
                  verdict("with state ÷ Redis (everysec)", "×", ratios(of("state"), of("everysec")), { relation: "≥" }),
                ]),
            verdict("with 1 % failures ÷ without", "×", ratios(of("failing"), of("nothing")), { relation: "≥" }),
          ],
          notes: [
            `${events} events of ${KEYS} keys; Millrace by its SDK over HTTP, 256 handlers at a time, one process. A state ` +
              "entry is committed with its settlement; an event that fails is parked, tried again at once, and its key waits.",
            "pg-boss: batches of 1,000, 4 fetchers. graphile-worker: 64 at a time, a local queue of 500. Neither keeps state " +
              "or the order of keys. Adding jobs is not counted, as publishing is not.",
            redis === null
              ? "Redis is not installed here (Debian: apt-get install redis-server)."
              : `Redis ${redis.version}: one consumer of a group, batches of 1,000; XACK and an HSET for each entry in one MULTI. ` +
                "`always` flushes before it answers, as Millrace does; `everysec` may lose a second.",
          ],
        },
      ];
    } finally {
      await Promise.all([member, boss, worker, streams].map((child) => child.stop()));
      await redis?.stop();
    }
  },
};

interface Described {
  readonly parked: { readonly retrying: number; readonly dead: number; readonly blocked: number };
  readonly topics: readonly { readonly position: number }[];
}
