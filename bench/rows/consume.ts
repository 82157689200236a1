import type { HttpLoad } from "../children/http-load.ts";
import type { RawMember } from "../children/raw-member.ts";
import type { SdkMember } from "../children/sdk-member.ts";
import type { Row } from "../harness/bench.ts";
import { startChild } from "../harness/child.ts";
import { measured, verdict } from "../harness/figure.ts";
import { interleave } from "../harness/rounds.ts";

const TOPIC = "bench-consume";
const MAX_IN_FLIGHT = 2_000;

export const consume: Row = {
  name: "consume",
  async run({ cluster, millrace, rounds, isQuick }) {
    const load = startChild<HttpLoad>("http-load");
    const raw = startChild<RawMember>("raw-member");
    const sdk = startChild<SdkMember>("sdk-member");
    try {
      await millrace.request("PUT", `/v1/topics/${TOPIC}`, {});
      const head = isQuick ? 20_000 : 100_000;
      const { target } = millrace;
      await load.call("fill", { target, path: `/v1/topics/${TOPIC}/events`, events: head, size: 500, connections: 4 });
      await cluster.checkpoint();
      let declared = 0;
      // A consumer of its own for every measurement: all of them read the same topic from its first event.
      const declare = async () => {
        const consumer = `bench-consumer-${++declared}`;
        await millrace.request("PUT", `/v1/consumers/${consumer}`, {
          topics: [{ topic: TOPIC, start: "earliest" }],
          maxInFlight: MAX_IN_FLIGHT,
        });
        return consumer;
      };
      const settled = async (consumer: string) => {
        const described = (await millrace.request("GET", `/v1/consumers/${consumer}`)) as Described;
        const position = described.topics[0]?.position;
        if (position !== head) throw new Error(`${consumer} stands at ${position}, not at ${head}`);
      };
      const runRaw = async () => {
        const consumer = await declare();
        const rate = await raw.call("run", { target, consumer, topic: TOPIC, head, order: "pipelined" });
        await settled(consumer);
        return rate;
      };
      const runSdk = async () => {
        const consumer = await declare();
        const rate = await sdk.call("run", { target, consumer, head });
        await settled(consumer);
        return rate;
      };
      const runPull = async () => {
        const consumer = await declare();
        const rate = await raw.call("pull", { target, consumer, topic: TOPIC, head });
        await settled(consumer);
        return rate;
      };
      await runRaw();
      const values = await interleave(rounds, [
        { name: "each", measure: runRaw },
        { name: "pull", measure: runPull },
        { name: "SDK", measure: runSdk },
      ]);
      const of = (name: string) => values.get(name) ?? [];
      const goal = { relation: "≥", must: 10_000, aim: 20_000 } as const;
      return [
        {
          row: "consume",
          work: "deliver + ack, one consumer, one member",
          measured: [
            measured("a settlement for each event", "events/s", of("each")),
            measured("by pulls of at most 1,000, strict order", "events/s", of("pull")),
            measured("the SDK's consume, a handler that does nothing", "events/s", of("SDK")),
          ],
          verdicts: [
            verdict("each event its own ack", "events/s", of("each"), goal),
            verdict("pull", "events/s", of("pull"), { relation: "≥" }),
            verdict("SDK", "events/s", of("SDK"), goal),
          ],
          notes: [
            `${head} events, one partition, maxInFlight ${MAX_IN_FLIGHT}; from the request for the stream until the last ` +
              "settlement is answered. Each ack is committed before its answer; acks of a request share a transaction.",
          ],
        },
      ];
    } finally {
      await Promise.all([load, raw, sdk].map((child) => child.stop()));
    }
  },
};

interface Described {
  readonly topics: readonly { readonly position: number }[];
}
