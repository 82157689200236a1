// Loyalty points: one for each whole euro of every order that was paid. The same component stands in points.py and
// points.sh; all three can be members of the consumer at the same time.
import { type Client, PermanentError } from "../client/create-client.ts";
import { runAlone } from "./run-alone.ts";

export async function declarePoints(client: Client, consumer: string): Promise<void> {
  await client.declareTopic("orders");
  await client.declareConsumer(consumer, { topics: [{ topic: "orders", types: ["order.paid"] }], partitions: 4 });
}

export async function keepPoints(client: Client, { signal }: { signal: AbortSignal }): Promise<void> {
  const consumer = process.argv[2] ?? "loyalty";
  await declarePoints(client, consumer);
  await client.consume<{ cents?: number }>(
    consumer,
    ({ event, key, state }) => {
      const { cents } = event.data ?? {};
      if (cents === undefined) throw new PermanentError("the order has no amount");
      state.increment(`points/${key}`, Math.floor(cents / 100)); // committed with the event's ack, or not at all
    },
    { signal },
  );
}

await runAlone("points", keepPoints);
