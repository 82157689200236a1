import type { Copy } from "../children/copy.ts";
import type { HttpLoad } from "../children/http-load.ts";
import { nextTopicId, type Row } from "../harness/bench.ts";
import { startChild } from "../harness/child.ts";
import { measured, ratios, verdict } from "../harness/figure.ts";
import { interleave } from "../harness/rounds.ts";
import { percentile } from "../harness/statistics.ts";

const TOPIC = "bench-sequential";

export const sequential: Row = {
  name: "sequential",
  async run({ cluster, millrace, ceilingUrl, rounds, isQuick }) {
    const load = startChild<HttpLoad>("http-load");
    const insert = startChild<Copy>("copy");
    try {
      await millrace.request("PUT", `/v1/topics/${TOPIC}`, {});
      const path = `/v1/topics/${TOPIC}/events`;
      const count = isQuick ? 300 : 1_500;
      const publish = async () =>
        percentile(await load.call("sequential", { target: millrace.target, path, count }), 0.5);
      const insertSingly = async () =>
        percentile(await insert.call("insertSingly", { url: ceilingUrl, topicId: nextTopicId(), count }), 0.5);
      await publish();
      await insertSingly();
      await cluster.checkpoint();
      const values = await interleave(rounds, [
        { name: "insert", measure: insertSingly },
        { name: "Millrace", measure: publish },
      ]);
      const of = (name: string) => values.get(name) ?? [];
      return [
        {
          row: "sequential",
          work: "one sequential publisher, p50",
          measured: [
            measured("Millrace, over HTTP", "ms", of("Millrace")),
            measured("ceiling: prepared single-row insert through pg", "ms", of("insert")),
          ],
          verdicts: [
            verdict("÷ insert", "×", ratios(of("Millrace"), of("insert")), { relation: "≤", must: 3, aim: 2 }),
          ],
          notes: [
            `${count} events one after the other, each durable before the next is sent; the median of each round.`,
          ],
        },
      ];
    } finally {
      await Promise.all([load, insert].map((child) => child.stop()));
    }
  },
};
