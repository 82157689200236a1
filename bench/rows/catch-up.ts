import type { CatchUp } from "../children/catch-up.ts";
import type { Copy } from "../children/copy.ts";
import type { HttpLoad } from "../children/http-load.ts";
import type { Row } from "../harness/bench.ts";
import { startChild } from "../harness/child.ts";
import { measured, ratios, verdict } from "../harness/figure.ts";
import { interleave } from "../harness/rounds.ts";

const TOPIC = "bench-catch-up";

export const catchUp: Row = {
  name: "catch-up",
  async run({ cluster, millrace, millraceUrl, rounds, isQuick }) {
    const load = startChild<HttpLoad>("http-load");
    const copy = startChild<Copy>("copy");
    const follower = startChild<CatchUp>("catch-up");
    try {
      await millrace.request("PUT", `/v1/topics/${TOPIC}`, {});
      const head = isQuick ? 50_000 : 1_000_000;
      const { target } = millrace;
      const path = `/v1/topics/${TOPIC}/events`;
      await load.call("fill", { target, path, events: head, size: 1_000, connections: 4 });
      await cluster.checkpoint();
      const follow = async () => {
        const { framesPerSecond, counted } = await follower.call("run", { target, path, head });
        if (counted !== head) throw new Error(`${counted} frames came instead of ${head}`);
        return framesPerSecond;
      };
      const copyOut = () => copy.call("copyOut", { url: millraceUrl, topic: TOPIC });
      // Both once before the clock counts: the first to read the rows pays for their hint bits.
      await copyOut();
      const values = await interleave(rounds, [
        { name: "COPY", measure: copyOut },
        { name: "Millrace", measure: follow },
      ]);
      const of = (name: string) => values.get(name) ?? [];
      return [
        {
          row: "catch-up",
          work: `catch-up of ${head.toLocaleString("en-GB")} events to one follower`,
          measured: [
            measured("Millrace, SSE", "events/s", of("Millrace")),
            measured("ceiling: COPY (SELECT …) TO STDOUT", "rows/s", of("COPY")),
          ],
          verdicts: [
            verdict("÷ COPY", "×", ratios(of("Millrace"), of("COPY")), { relation: "≥", must: 0.15, aim: 0.5 }),
          ],
          notes: ["Every frame is counted. COPY reads the same rows of the same table in offset order."],
        },
      ];
    } finally {
      await Promise.all([load, copy, follower].map((child) => child.stop()));
    }
  },
};
