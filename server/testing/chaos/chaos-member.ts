import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { createClient } from "../../../client/create-client.ts";
import { noteEffect } from "./journal.ts";
import { type PlainMember, pullEvents, streamEvents } from "./plain-members.ts";

// A member as a process of its own, of one of three kinds, to be killed at any moment. It writes down what it handles,
// and counts it in the consumer's state together with the settlement.
const [kind = "", url = "", apiKey = "", consumer = "", member = "", directory = ""] = process.argv.slice(2);
const journal = join(directory, `${member}.journal`);

async function handle(key: string, offset: number): Promise<void> {
  await delay(2 + (offset % 7) * 3);
  noteEffect(journal, key, offset);
}

if (kind === "sdk") {
  const client = createClient({ url, apiKey });
  await client.consume(
    consumer,
    async ({ key, offset, state }) => {
      await handle(key ?? "", offset);
      state.increment(`handled/${key}`);
    },
    { concurrency: 16, onError: () => undefined, onDisconnect: () => undefined },
  );
} else {
  const plain: PlainMember = {
    ...{ url, apiKey, consumer, member },
    handle: ({ delivery, event }) => handle(event.partitionkey ?? "", delivery.offset),
    stateOf: ({ event }) => ({ increment: { [`handled/${event.partitionkey}`]: 1 } }),
  };
  await (kind === "pull" ? pullEvents(plain) : streamEvents(plain));
}
