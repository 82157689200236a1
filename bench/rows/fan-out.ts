import type { BetterSse } from "../children/better-sse.ts";
import type { Followers } from "../children/followers.ts";
import type { SharedBuffer } from "../children/shared-buffer.ts";
import type { Row } from "../harness/bench.ts";
import { type Child, startChild } from "../harness/child.ts";
import { measured, ratios, verdict } from "../harness/figure.ts";
import { format } from "../harness/report.ts";
import { interleave } from "../harness/rounds.ts";
import { plainBatch, sequenceMark } from "../load/events.ts";
import { HttpConnection, type HttpTarget, renderRequest } from "../load/http-connection.ts";

const FOLLOWERS = 1_000;
const BATCH = 500;
const TOPIC = "bench-fan-out";
const BUFFERS_BYTES = [64, 256, 1_024].map((kb) => kb * 1024);
const FIRST_OFFSET = 1_000_001;

/** A server with its thousand followers, and how it is told to send so many frames to all of them. */
class Audience {
  /** Bytes of one frame as the first follower received it, chunked framing included. */
  frameBytes = 0;

  private constructor(
    readonly followers: Child<Followers>,
    private nextOffset: number,
    private readonly send: (first: number, count: number) => Promise<number>,
  ) {}

  static async gather(target: HttpTarget, { path, readyMark, firstOffset, send }: Gathering): Promise<Audience> {
    const followers = startChild<Followers>("followers");
    await followers.call("open", { target, path, count: FOLLOWERS, readyMark });
    return new Audience(followers, firstOffset, send);
  }

  /** Frames per second over all followers, from the word to send until the last follower has the last frame. */
  async broadcast(count: number): Promise<number> {
    const first = this.nextOffset;
    this.nextOffset += count;
    await this.followers.call("arm", {
      mark: sequenceMark(this.nextOffset - 1),
      searchFrom: Math.floor(0.9 * count * this.frameBytes),
    });
    const startedAt = await this.send(first, count);
    const { doneAt, frames, bytes } = await this.followers.call("wait", undefined);
    if (frames !== count) throw new Error(`a follower received ${frames} frames of ${count}`);
    this.frameBytes = bytes / count;
    return (count * FOLLOWERS * 1000) / (doneAt - startedAt);
  }
}

interface Gathering {
  readonly path: string;
  readonly readyMark: string;
  readonly firstOffset: number;
  /** Starts sending and answers when it started. */
  readonly send: (first: number, count: number) => Promise<number>;
}

export const fanOut: Row = {
  name: "fan-out",
  async run({ cluster, millrace, rounds, isQuick }) {
    const ceiling = startChild<SharedBuffer>("shared-buffer");
    const peer = startChild<BetterSse>("better-sse");
    const children: Child<never>[] = [ceiling, peer] as never;
    try {
      await millrace.request("PUT", `/v1/topics/${TOPIC}`, {});
      const path = `/v1/topics/${TOPIC}/events`;
      const connection = await HttpConnection.open(millrace.target.port);
      const publish = async (first: number, count: number) => {
        const requests: Buffer[] = [];
        for (let at = 0; at < count; at += BATCH)
          requests.push(renderRequest(millrace.target, path, plainBatch(first + at, Math.min(BATCH, count - at))));
        const startedAt = Date.now();
        for (const request of requests) {
          const answer = await connection.request(request);
          if (answer.status !== 201) throw new Error(answer.text().slice(0, 1_000));
        }
        return startedAt;
      };
      const ours = await Audience.gather(millrace.target, {
        path: `${path}?after=0`,
        readyMark: "caught-up",
        firstOffset: 1,
        send: publish,
      });
      children.push(ours.followers as never);
      const count = isQuick ? 1_000 : 4_000;
      await ours.broadcast(BATCH);
      const frameBytes = Math.round(ours.frameBytes);
      let bufferBytes = 0;
      const ceilingFollowers = await Audience.gather(
        { port: await ceiling.call("listen", undefined) },
        {
          path: "/",
          readyMark: ": open",
          firstOffset: FIRST_OFFSET,
          send: (first, frames) => ceiling.call("send", { first, count: frames, frameBytes, bufferBytes }),
        },
      );
      children.push(ceilingFollowers.followers as never);
      const peerFollowers = await Audience.gather(
        { port: await peer.call("listen", undefined) },
        {
          path: "/",
          readyMark: "\n\n",
          firstOffset: FIRST_OFFSET,
          send: (first, frames) => peer.call("send", { first, count: frames }),
        },
      );
      children.push(peerFollowers.followers as never);
      // The ceiling at its best: how much one buffer holds decides half of it.
      const tried: { bufferBytes: number; rate: number }[] = [];
      for (bufferBytes of BUFFERS_BYTES) {
        await ceilingFollowers.broadcast(BATCH);
        tried.push({ bufferBytes, rate: await ceilingFollowers.broadcast(count) });
      }
      bufferBytes = tried.reduce((a, b) => (b.rate > a.rate ? b : a)).bufferBytes;
      await peerFollowers.broadcast(BATCH);
      await cluster.checkpoint();

      const values = await interleave(rounds, [
        { name: "better-sse", measure: () => peerFollowers.broadcast(Math.ceil(count / 4)) },
        { name: "Millrace", measure: () => ours.broadcast(count) },
        { name: "shared buffer", measure: () => ceilingFollowers.broadcast(count) },
      ]);
      connection.close();
      const of = (name: string) => values.get(name) ?? [];
      return [
        {
          row: "fan-out",
          work: "fan-out, one topic to 1,000 SSE followers",
          measured: [
            measured("Millrace", "frames/s", of("Millrace")),
            measured("better-sse", "frames/s", of("better-sse")),
            measured("ceiling: one shared buffer written to 1,000 sockets", "frames/s", of("shared buffer")),
          ],
          verdicts: [
            verdict("÷ shared buffer", "×", ratios(of("Millrace"), of("shared buffer")), {
              relation: "≥",
              must: 0.5,
              aim: 0.8,
            }),
            verdict("÷ better-sse", "×", ratios(of("Millrace"), of("better-sse")), { relation: "≥", must: 3 }),
          ],
          notes: [
            `${count} frames of ${frameBytes} bytes to ${FOLLOWERS} followers. Millrace: from the first of ${count / BATCH} ` +
              "requests of 500 events, so that storing them is part of it; ceiling and better-sse: from the word to send.",
            `The ceiling by bytes of a buffer: ${tried.map((it) => `${it.bufferBytes / 1024} kB: ${format(it.rate)}/s`).join(", ")}.`,
            "better-sse is given the event rendered, and waits for its sockets every 50 events.",
          ],
        },
      ];
    } finally {
      await Promise.all(children.map((child) => child.stop()));
    }
  },
};
