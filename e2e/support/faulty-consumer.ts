import type { NewEvent } from "../../client/create-client.ts";
import { client, uniqueName } from "./api.ts";

export interface FaultyConsumer {
  readonly topic: string;
  readonly consumer: string;
  /** Handled without a failure, in the order of handling. */
  readonly handled: { readonly offset: number; readonly key: string | null; readonly isReplay: boolean }[];
  /** From now on nothing fails any more. */
  cure(): void;
  publish(events: readonly NewEvent[]): Promise<void>;
  parked(): Promise<{ retrying: number; dead: number; blocked: number; discarded: number }>;
  close(): Promise<void>;
}

/** A topic, and a consumer with one member whose handler throws for some events; one failure makes a dead letter. */
export async function faultyConsumer(
  error: string,
  fails: (event: { key: string | null; type: string }) => boolean,
): Promise<FaultyConsumer> {
  const topic = uniqueName("payments");
  const consumer = uniqueName("ledger");
  const millrace = client();
  await millrace.declareTopic(topic);
  await millrace.declareConsumer(consumer, { topics: [{ topic }], retry: { maxAttempts: 1 } });
  const handled: { offset: number; key: string | null; isReplay: boolean }[] = [];
  let isCured = false;
  const stop = new AbortController();
  const consuming = millrace.consume(
    consumer,
    (context) => {
      if (!isCured && fails({ key: context.key, type: context.event.type })) throw new Error(error);
      handled.push({ offset: context.offset, key: context.key, isReplay: context.replay });
    },
    { signal: stop.signal, onError: () => undefined },
  );
  return {
    topic,
    consumer,
    handled,
    cure: () => {
      isCured = true;
    },
    publish: async (events) => void (await millrace.publish(topic, events)),
    parked: async () => (await millrace.describeConsumer(consumer)).parked,
    close: async () => {
      stop.abort();
      await consuming;
    },
  };
}
