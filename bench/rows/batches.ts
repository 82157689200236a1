import type { Copy } from "../children/copy.ts";
import type { HttpLoad } from "../children/http-load.ts";
import { nextTopicId, type Row } from "../harness/bench.ts";
import { startChild } from "../harness/child.ts";
import { measured, ratios, verdict } from "../harness/figure.ts";
import { interleave } from "../harness/rounds.ts";
import { accepted } from "./publish.ts";

const SIZE = 500;
const CONNECTIONS = 8;
const TOPIC = "bench-batches";

export const batches: Row = {
  name: "batches",
  async run({ cluster, millrace, ceilingUrl, rounds, isQuick }) {
    const load = startChild<HttpLoad>("http-load");
    const copy = startChild<Copy>("copy");
    try {
      await millrace.request("PUT", `/v1/topics/${TOPIC}`, {});
      const path = `/v1/topics/${TOPIC}/events`;
      const window = { warmUpMs: isQuick ? 500 : 1_000, windowMs: isQuick ? 1_000 : 4_000 };
      const rows = isQuick ? 50_000 : 200_000;
      const publish = async () =>
        SIZE *
        accepted(
          await load.call("batches", {
            target: millrace.target,
            path,
            size: SIZE,
            connections: CONNECTIONS,
            ...window,
          }),
        );
      await publish();
      await cluster.checkpoint();
      const values = await interleave(rounds, [
        { name: "COPY", measure: () => copy.call("copyIn", { url: ceilingUrl, topicId: nextTopicId(), rows }) },
        { name: "Millrace", measure: publish },
      ]);
      const of = (name: string) => values.get(name) ?? [];
      return [
        {
          row: "batches",
          work: "batches of 500",
          measured: [
            measured("Millrace, over HTTP", "events/s", of("Millrace")),
            measured("ceiling: COPY into the identical table", "rows/s", of("COPY")),
          ],
          verdicts: [
            verdict("÷ COPY", "×", ratios(of("Millrace"), of("COPY")), { relation: "≥", must: 0.4, aim: 0.6 }),
          ],
          notes: [
            `Millrace: ${CONNECTIONS} connections, one topic, each request its own answer after its commit. ` +
              `COPY: one statement of ${rows} rows, rendered beforehand, one commit.`,
          ],
        },
      ];
    } finally {
      await Promise.all([load, copy].map((child) => child.stop()));
    }
  },
};
