import type { DeliveryLatency } from "../children/delivery-latency.ts";
import type { Row } from "../harness/bench.ts";
import { startChild } from "../harness/child.ts";
import { measured, verdict } from "../harness/figure.ts";
import { interleave } from "../harness/rounds.ts";
import { percentile } from "../harness/statistics.ts";

const PER_SECOND = 1_000;
const TOPIC = "bench-delivery";

export const delivery: Row = {
  name: "delivery",
  async run({ cluster, millrace, rounds, isQuick }) {
    const child = startChild<DeliveryLatency>("delivery-latency");
    try {
      await millrace.request("PUT", `/v1/topics/${TOPIC}`, {});
      const path = `/v1/topics/${TOPIC}/events`;
      const run = (seconds: number) =>
        child.call("run", { target: millrace.target, path, perSecond: PER_SECOND, seconds });
      await run(1);
      await cluster.checkpoint();
      const p50: number[] = [];
      const values = await interleave(rounds, [
        {
          name: "p99",
          measure: async () => {
            const latencies = await run(isQuick ? 2 : 8);
            p50.push(percentile(latencies, 0.5));
            return percentile(latencies, 0.99);
          },
        },
      ]);
      const p99 = values.get("p99") ?? [];
      return [
        {
          row: "delivery",
          work: "publish → delivery at 1,000/s",
          measured: [measured("p50", "ms", p50), measured("p99", "ms", p99)],
          verdicts: [verdict("p99", "ms", p99, { relation: "≤", must: 25, aim: 10 })],
          notes: [
            "Single events, each published by its own request and stored before it is delivered; from the moment an event " +
              "is due at the publisher until its frame is at the follower, both in one process and on one clock.",
          ],
        },
      ];
    } finally {
      await child.stop();
    }
  },
};
