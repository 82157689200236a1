import pg from "pg";
import type { WorkingMember } from "../children/working-member.ts";
import type { Row } from "../harness/bench.ts";
import { startChild } from "../harness/child.ts";
import { measured, ratios, verdict } from "../harness/figure.ts";
import { interleave } from "../harness/rounds.ts";

const HEALTHY = "bench-healthy";
const POISONED = "bench-poisoned";
const SEQUENCES = 10_000;
const LETTERS = 100_000;

/** A day after a bad release: 100,000 letters in 10,000 sequences stand parked, and the healthy keys go on. */
export const parked: Row = {
  name: "parked",
  async run({ cluster, millrace, millraceUrl, rounds, isQuick }) {
    const member = startChild<WorkingMember>("working-member");
    const database = new pg.Client({ connectionString: millraceUrl });
    await database.connect();
    try {
      const events = isQuick ? 5_000 : 200_000;
      const { target } = millrace;
      for (const topic of [HEALTHY, POISONED]) await millrace.request("PUT", `/v1/topics/${topic}`, {});
      await member.call("fill", { target, topic: HEALTHY, events, keys: 1_000 });
      await member.call("fill", { target, topic: POISONED, events: 10, keys: 10 });
      let declared = 0;
      const declare = async () => {
        const consumer = `bench-parked-${++declared}`;
        await millrace.request("PUT", `/v1/consumers/${consumer}`, {
          topics: [{ topic: HEALTHY }, { topic: POISONED, start: "latest" }],
          maxInFlight: 2_000,
        });
        return consumer;
      };
      const run = async (hasLetters: boolean) => {
        const consumer = await declare();
        if (hasLetters) await park(database, consumer);
        await cluster.checkpoint();
        const rate = await member.call("run", { target, consumer, events, work: "nothing" });
        await database.query("DELETE FROM parked_event WHERE consumer_id = (SELECT id FROM consumer WHERE name = $1)", [
          consumer,
        ]);
        return rate;
      };
      const listed = await declare();
      await park(database, listed);
      const list = async () => {
        const startedAt = performance.now();
        await millrace.request("GET", `/v1/consumers/${listed}/parked/groups`);
        return performance.now() - startedAt;
      };
      await run(false);
      await list();
      const values = await interleave(rounds, [
        { name: "without", measure: () => run(false) },
        { name: "with", measure: () => run(true) },
        { name: "list", measure: list },
      ]);
      const of = (name: string) => values.get(name) ?? [];
      return [
        {
          row: "parked",
          work: "100,000 letters in 10,000 sequences stand parked",
          measured: [
            measured("healthy keys, nothing parked", "events/s", of("without")),
            measured("healthy keys, with the letters", "events/s", of("with")),
            measured("a page of groups", "ms", of("list")),
          ],
          verdicts: [
            verdict("with the letters ÷ without", "×", ratios(of("with"), of("without")), { relation: "≥", must: 0.7 }),
            verdict("listing a page of groups", "ms", of("list"), { relation: "≤", must: 200 }),
          ],
          notes: [
            `${events} events of 1,000 healthy keys by the SDK; 10,000 dead heads with nine events behind each, parked by ` +
              "one statement. The server keeps the heads in memory, and nothing of what waits behind them; it reads them when " +
              "the member comes, which is part of the time.",
          ],
        },
      ];
    } finally {
      await member.stop();
      await database.end();
    }
  },
};

async function park(database: pg.Client, consumer: string): Promise<void> {
  await database.query(
    `INSERT INTO parked_event (consumer_id, topic_id, "offset", key, sequence, hash, type, state, attempt, attempts_max,
       error_name, error_message, fingerprint, failed_at)
     SELECT c.id, t.id, o, 'dead-' || o % $3, 'kdead-' || o % $3, o % $3, 'bench.done', CASE WHEN o <= $3 THEN 'dead' ELSE 'blocked' END,
       CASE WHEN o <= $3 THEN 5 ELSE 0 END, 5, CASE WHEN o <= $3 THEN 'Boom' END, CASE WHEN o <= $3 THEN 'it broke' END,
       CASE WHEN o <= $3 THEN 'kind-' || o % 12 END, CASE WHEN o <= $3 THEN now() END
     FROM consumer c, topic t, generate_series(1, $4::int) AS o WHERE c.name = $1 AND t.name = $2`,
    [consumer, POISONED, SEQUENCES, LETTERS],
  );
  await database.query(
    `UPDATE lease SET parked_version = parked_version + 1
     WHERE consumer_id = (SELECT id FROM consumer WHERE name = $1)`,
    [consumer],
  );
  await database.query("ANALYZE parked_event");
}
