import { serve } from "../harness/child.ts";
import { Follower } from "../load/follower.ts";
import { HttpConnection, type HttpTarget, renderRequest } from "../load/http-connection.ts";

/** As many settlements as one request may carry. */
const GROUP = 1_000;

export type RawMember = typeof methods;
const methods = serve({
  /**
   * One member of a consumer with one partition: takes every delivery up to `head` and acknowledges it. Answers events
   * per second, from the request for the stream until the answer to the last settlement.
   */
  run: async ({ target, consumer, topic, head }: Run) => {
    const stream = `/v1/consumers/${consumer}/events?member=bench`;
    const settlements = `/v1/consumers/${consumer}/settlements`;
    const connection = await HttpConnection.open(target.port);
    const startedAt = performance.now();
    let epoch = -1;
    let delivered = 0;
    let settled = 0;
    let busy = false;
    let finish = () => {};
    let fail: (error: Error) => void = () => {};
    const finished = new Promise<void>((resolve, reject) => {
      finish = resolve;
      fail = reject;
    });
    finished.catch(() => {});

    const settle = () => {
      if (busy || settled === delivered) return;
      const last = Math.min(delivered, settled + GROUP);
      const rows: string[] = [];
      const head_ = `{"topic":"${topic}","partition":0,"epoch":${epoch},"outcome":"ack","offset":`;
      for (let offset = settled + 1; offset <= last; offset++) rows.push(`${head_}${offset}}`);
      busy = true;
      connection.send(
        renderRequest(target, settlements, `{"settlements":[${rows.join(",")}]}`),
        (answer) => {
          busy = false;
          if (answer.status !== 200) return fail(new Error(answer.text().slice(0, 1_000)));
          settled = last;
          if (settled === head) finish();
          else settle();
        },
        fail,
      );
    };

    const offsetMark = Buffer.from(`\nid: ${topic}/`);
    const epochMark = Buffer.from(`"epoch":`);
    let carry: Buffer = Buffer.alloc(0);
    const take = (chunk: Buffer) => {
      const text = carry.length === 0 ? chunk : Buffer.concat([carry, chunk]);
      // Up to the end of the last whole frame; the rest waits for more.
      const end = text.lastIndexOf("\n\n");
      carry = Buffer.from(text.subarray(end === -1 ? 0 : end + 1));
      if (end === -1) return;
      const at = text.subarray(0, end).lastIndexOf(offsetMark);
      if (at === -1) return;
      if (epoch === -1)
        epoch = Number.parseInt(text.toString("latin1", text.indexOf(epochMark) + epochMark.length), 10);
      delivered = Number.parseInt(text.toString("latin1", at + offsetMark.length, at + offsetMark.length + 16), 10);
      settle();
    };
    const follower = await Follower.open(target, stream, { readyMark: "HTTP/1.1 200", onChunk: take });
    const timer = setTimeout(() => fail(new Error(`delivered ${delivered}, settled ${settled} of ${head}`)), LIMIT_MS);
    await finished.finally(() => clearTimeout(timer));
    const eventsPerSecond = (head * 1000) / (performance.now() - startedAt);
    follower.close();
    connection.close();
    return eventsPerSecond;
  },
});

const LIMIT_MS = 60_000;

interface Run {
  readonly target: HttpTarget;
  readonly consumer: string;
  readonly topic: string;
  readonly head: number;
}
