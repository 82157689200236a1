import { serve } from "../harness/child.ts";
import { EVENT_TYPE, eventData, eventKey, sequenceText } from "../load/events.ts";
import { Follower } from "../load/follower.ts";
import { HttpConnection, type HttpTarget, renderRequest } from "../load/http-connection.ts";

const PUBLISHERS = 32;

// Publisher and follower share this process, so that one clock sees both ends.
export type DeliveryLatency = typeof methods;
const methods = serve({
  /**
   * Publishes single events at a steady rate and follows the topic: milliseconds from when each event was due to be
   * sent (a late sender counts against the figure) until its frame had arrived.
   */
  run: async ({ target, path, perSecond, seconds }: Run) => {
    const total = perSecond * seconds;
    const dueAt = new Float64Array(total);
    const latencies = new Float64Array(total).fill(Number.NaN);
    const mark = Buffer.from(`"seq":"`);
    const digits = sequenceText(0).length;
    const follower = await Follower.open(target, `${path}?from=latest`, { readyMark: "caught-up" });
    follower.onChunk = (chunk) => {
      const now = performance.now();
      for (let at = chunk.indexOf(mark); at !== -1; at = chunk.indexOf(mark, at + mark.length)) {
        const sequence = Number(chunk.toString("latin1", at + mark.length, at + mark.length + digits));
        latencies[sequence] = now - (dueAt[sequence] ?? Number.NaN);
      }
    };
    const arrived = follower.waitFor(`"seq":"${sequenceText(total - 1)}"`, 0);

    const idle = await Promise.all(Array.from({ length: PUBLISHERS }, () => HttpConnection.open(target.port)));
    const waiting: number[] = [];
    let answered = 0;
    await new Promise<void>((resolve, reject) => {
      const publish = (connection: HttpConnection, sequence: number) =>
        connection.send(
          renderRequest(
            target,
            path,
            `{"type":"${EVENT_TYPE}","key":"${eventKey(sequence)}","data":${eventData(sequence)}}`,
          ),
          (answer) => {
            if (answer.status !== 201) return reject(new Error(answer.text().slice(0, 1_000)));
            answered++;
            if (answered === total) return resolve();
            const next = waiting.shift();
            if (next === undefined) idle.push(connection);
            else publish(connection, next);
          },
          reject,
        );
      const startedAt = performance.now();
      let due = 0;
      const tick = () => {
        const now = performance.now();
        const until = Math.min(total, Math.floor(((now - startedAt) * perSecond) / 1000));
        while (due < until) {
          dueAt[due] = now;
          const connection = idle.pop();
          if (connection === undefined) waiting.push(due);
          else publish(connection, due);
          due++;
        }
        if (due < total) setTimeout(tick, 1);
      };
      tick();
    });
    // The last event's frame may come before an earlier one's never: offsets are in order, sequences nearly so.
    await Promise.race([arrived, new Promise((resolve) => setTimeout(resolve, 5_000))]);
    await new Promise((resolve) => setTimeout(resolve, 100));
    follower.close();
    for (const connection of idle) connection.close();
    const missing = latencies.filter(Number.isNaN).length;
    if (missing > 0) throw new Error(`${missing} of ${total} events were not delivered`);
    return latencies;
  },
});

interface Run {
  readonly target: HttpTarget;
  readonly path: string;
  readonly perSecond: number;
  readonly seconds: number;
}
