import { serve } from "../harness/child.ts";
import { DeliveredOffsets } from "../load/delivered-offsets.ts";
import { Follower } from "../load/follower.ts";
import { HttpConnection, type HttpTarget, renderRequest } from "../load/http-connection.ts";

/** As many settlements as one request may carry. */
const GROUP = 1_000;
const LIMIT_MS = 60_000;

export type RawMember = typeof methods;
const methods = serve({
  /**
   * One member of a consumer with one partition: takes every delivery and acknowledges it by its offset, until as many
   * are settled as the topic has. Answers events per second, from the request for the stream until the answer to the
   * last settlement.
   */
  run: async ({ target, consumer, topic, head, order }: Run & { readonly order: "strict" | "pipelined" }) => {
    const connection = await HttpConnection.open(target.port);
    const startedAt = performance.now();
    const delivered = new DeliveredOffsets();
    let settled = 0;
    let isBusy = false;
    let finish = () => {};
    let fail: (error: Error) => void = () => {};
    const finished = new Promise<void>((resolve, reject) => {
      finish = resolve;
      fail = reject;
    });
    finished.catch(() => {});

    const settle = () => {
      const offsets = isBusy ? [] : delivered.take(GROUP);
      if (offsets.length === 0) return;
      isBusy = true;
      connection.send(
        settlementsOf(target, { consumer, topic, epoch: delivered.epoch, offsets }),
        (answer) => {
          isBusy = false;
          if (answer.status !== 200) return fail(new Error(answer.text().slice(0, 1_000)));
          settled += offsets.length;
          if (settled === head) finish();
          else settle();
        },
        fail,
      );
    };

    const follower = await Follower.open(target, `/v1/consumers/${consumer}/events?member=bench&order=${order}`, {
      readyMark: "HTTP/1.1 200",
      onChunk(chunk) {
        delivered.read(chunk);
        settle();
      },
    });
    const timer = setTimeout(() => fail(new Error(`settled ${settled} of ${head}`)), LIMIT_MS);
    await finished.finally(() => clearTimeout(timer));
    const eventsPerSecond = (head * 1000) / (performance.now() - startedAt);
    follower.close();
    connection.close();
    return eventsPerSecond;
  },

  /** The same without a stream: asks for as many deliveries as one answer may carry, settles them, and asks again. */
  pull: async ({ target, consumer, topic, head }: Run) => {
    const connection = await HttpConnection.open(target.port);
    const startedAt = performance.now();
    let session = "";
    for (let settled = 0; settled < head; ) {
      const wish = JSON.stringify({ max: GROUP, waitMs: 1_000, ...(session === "" ? {} : { session }) });
      const pulled = await connection.request(renderRequest(target, `/v1/consumers/${consumer}/deliveries`, wish));
      if (pulled.status !== 200) throw new Error(pulled.text().slice(0, 1_000));
      const delivered = new DeliveredOffsets();
      const text = pulled.text();
      session = /"session":"([^"]+)"/.exec(text)?.[1] ?? "";
      delivered.read(Buffer.from(text, "latin1"));
      const offsets = delivered.take(GROUP);
      if (offsets.length === 0) throw new Error(`nothing came in a second; settled ${settled} of ${head}`);
      const answer = await connection.request(
        settlementsOf(target, { consumer, topic, epoch: delivered.epoch, offsets }),
      );
      if (answer.status !== 200) throw new Error(answer.text().slice(0, 1_000));
      settled += offsets.length;
    }
    const eventsPerSecond = (head * 1000) / (performance.now() - startedAt);
    connection.close();
    return eventsPerSecond;
  },
});

function settlementsOf(
  target: HttpTarget,
  of: {
    readonly consumer: string;
    readonly topic: string;
    readonly epoch: number;
    readonly offsets: readonly number[];
  },
): Buffer {
  const before = `{"topic":"${of.topic}","partition":0,"epoch":${of.epoch},"outcome":"ack","offset":`;
  const body = `{"settlements":[${of.offsets.map((it) => `${before}${it}}`).join(",")}]}`;
  return renderRequest(target, `/v1/consumers/${of.consumer}/settlements`, body);
}

interface Run {
  readonly target: HttpTarget;
  readonly consumer: string;
  readonly topic: string;
  readonly head: number;
}
