import { existsSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { createClient } from "../../../client/create-client.ts";
import { COUNT, LAST } from "../oracle/check-consumer.ts";
import { openJournal } from "../oracle/journal.ts";
import { journallingFetch } from "./journalling-fetch.ts";
import type { MemberOrder } from "./members.ts";
import { type PlainMember, pullEvents, streamEvents } from "./plain-members.ts";

// A member as a process of its own, of one of three kinds, to be stopped and killed at any moment. It writes down what
// it is given, handles and settles, and folds it into the consumer's state together with the settlement.
const { kind, url, apiKey, consumer, member, directory, workMs, poison } = JSON.parse(
  process.argv[2] ?? "",
) as MemberOrder;
const journal = openJournal(directory, member);
const watchedFetch = journallingFetch(journal, consumer);

async function handle({ topic, key, offset }: { topic: string; key: string | null; offset: number }): Promise<void> {
  await delay(workMs * (0.5 + (offset % 7) / 7));
  if (poison !== null && key === poison.key && !existsSync(poison.cure)) throw new Error("the account is poisoned");
  journal.note({ kind: "handled", consumer, topic, offset, key });
}

if (kind === "sdk") {
  const client = createClient({ url, apiKey, fetch: watchedFetch });
  await client.consume(
    consumer,
    async ({ topic, key, offset, state }) => {
      await handle({ topic, key, offset });
      state.increment(`${COUNT}${key ?? ""}`);
      state.set(`${LAST}${key ?? ""}`, offset);
    },
    { member, concurrency: 16, onError: () => undefined, onDisconnect: () => undefined },
  );
} else {
  const plain: PlainMember = {
    ...{ url, apiKey, consumer, member, fetch: watchedFetch },
    handle: ({ delivery: { topic, offset }, event }) => handle({ topic, offset, key: event.partitionkey ?? null }),
    stateOf: ({ delivery, event }) => ({
      increment: { [`${COUNT}${event.partitionkey ?? ""}`]: 1 },
      set: { [`${LAST}${event.partitionkey ?? ""}`]: delivery.offset },
    }),
  };
  await (kind === "pull" ? pullEvents(plain) : streamEvents(plain));
}
