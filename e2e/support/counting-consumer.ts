import type { ConsumerDescription } from "../../server/contract/consumers.ts";
import { ask, client, uniqueName } from "./api.ts";

export interface CountingConsumer {
  readonly topic: string;
  readonly consumer: string;
  /** Offsets in the order of handling. */
  readonly handled: readonly number[];
  /** Since when its member is connected: another time after each connect. */
  connectedAt(): Promise<string | undefined>;
  /** Publishes so many events, of as many keys. */
  publish(count: number): Promise<void>;
  /** The position in the topic: what was handled is settled a moment later, and a plan counts from here. */
  position(): Promise<number | undefined>;
  close(): Promise<void>;
}

/** A topic, and a consumer with one member that takes whatever it is given. */
export async function countingConsumer(): Promise<CountingConsumer> {
  const topic = uniqueName("orders");
  const consumer = uniqueName("billing");
  const millrace = client();
  await millrace.declareTopic(topic);
  await millrace.declareConsumer(consumer, { topics: [{ topic }] });
  const handled: number[] = [];
  const stop = new AbortController();
  const consuming = millrace.consume(consumer, (event) => void handled.push(event.offset), { signal: stop.signal });
  return {
    topic,
    consumer,
    handled,
    connectedAt: async () => (await ask<ConsumerDescription>(`/consumers/${consumer}`)).members[0]?.connectedAt,
    publish: async (count) => {
      const events = Array.from({ length: count }, (_, n) => ({ type: "placed", key: `k${n}`, data: { n } }));
      await millrace.publish(topic, events);
    },
    position: async () => (await millrace.describeConsumer(consumer)).topics[0]?.position,
    close: async () => {
      stop.abort();
      await consuming;
    },
  };
}
