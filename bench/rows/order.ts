import type { RawMember } from "../children/raw-member.ts";
import type { WorkingMember } from "../children/working-member.ts";
import type { Row } from "../harness/bench.ts";
import { startChild } from "../harness/child.ts";
import { measured, ratios, verdict } from "../harness/figure.ts";
import { interleave } from "../harness/rounds.ts";

const MANY = "bench-order-keys";
const ONE = "bench-order-key";
const KEYS = 1_000;
const MAX_IN_FLIGHT = 2_000;

/** What it costs a client that knows nothing of parking to have at most one event of a key at a time. */
export const order: Row = {
  name: "order",
  async run({ cluster, millrace, rounds, isQuick }) {
    const filler = startChild<WorkingMember>("working-member");
    const raw = startChild<RawMember>("raw-member");
    try {
      const { target } = millrace;
      const heads = { [MANY]: isQuick ? 20_000 : 100_000, [ONE]: isQuick ? 500 : 2_000 };
      for (const topic of [MANY, ONE]) await millrace.request("PUT", `/v1/topics/${topic}`, {});
      await filler.call("fill", { target, topic: MANY, events: heads[MANY], keys: KEYS });
      await filler.call("fill", { target, topic: ONE, events: heads[ONE], keys: 1 });
      await cluster.checkpoint();
      let declared = 0;
      const run = async (topic: typeof MANY | typeof ONE, how: "strict" | "pipelined") => {
        const consumer = `bench-order-${++declared}`;
        await millrace.request("PUT", `/v1/consumers/${consumer}`, {
          topics: [{ topic, start: "earliest" }],
          maxInFlight: MAX_IN_FLIGHT,
        });
        const head = heads[topic];
        const rate = await raw.call("run", { target, consumer, topic, head, order: how });
        const described = (await millrace.request("GET", `/v1/consumers/${consumer}`)) as Described;
        const position = described.topics[0]?.position;
        if (position !== head) throw new Error(`${consumer} stands at ${position}, not at ${head}`);
        return rate;
      };
      await run(MANY, "strict");
      const values = await interleave(rounds, [
        { name: "strict", measure: () => run(MANY, "strict") },
        { name: "pipelined", measure: () => run(MANY, "pipelined") },
        { name: "strict, one key", measure: () => run(ONE, "strict") },
        { name: "pipelined, one key", measure: () => run(ONE, "pipelined") },
      ]);
      const of = (name: string) => values.get(name) ?? [];
      const ratio = (key: string) => ratios(of(`strict${key}`), of(`pipelined${key}`));
      return [
        {
          row: "order",
          work: "deliver + ack in strict order beside pipelined",
          measured: [
            measured("strict, 1,000 keys", "events/s", of("strict")),
            measured("pipelined, 1,000 keys", "events/s", of("pipelined")),
            measured("strict, one key", "events/s", of("strict, one key")),
            measured("pipelined, one key", "events/s", of("pipelined, one key")),
          ],
          verdicts: [
            verdict("strict ÷ pipelined, 1,000 keys", "×", ratio(""), { relation: "≥", must: 0.6 }),
            verdict("strict ÷ pipelined, one key", "×", ratio(", one key"), { relation: "≥" }),
          ],
          notes: [
            `${heads[MANY]} events of ${KEYS} keys and ${heads[ONE]} of one key, a raw member that settles what has come; one ` +
              `partition, maxInFlight ${MAX_IN_FLIGHT}. In strict order the next event of a key comes when the one before it ` +
              "is settled, and that is when its settlement is on the disk: of one key, a round trip and a flush for each event.",
          ],
        },
      ];
    } finally {
      await Promise.all([filler, raw].map((child) => child.stop()));
    }
  },
};

interface Described {
  readonly topics: readonly { readonly position: number }[];
}
