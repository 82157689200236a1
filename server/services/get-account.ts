import { invalidField } from "../domain/errors.ts";
import { reachable } from "../engine/database-unavailable.ts";
import { createGate } from "../engine/gate.ts";
import type { Members } from "../engine/members.ts";
import { selectAccountFacts } from "../store/account-facts-select.ts";
import type { Database } from "../store/database.ts";
import { readSnapshot } from "../store/read-snapshot.ts";
import { countAccount } from "./count-account.ts";
import { requireConsumer } from "./require-consumer.ts";
import type { Services } from "./services.ts";

interface Deps {
  readonly database: Database;
  readonly members: Pick<Members, "inFlight">;
}

// A topic in which partitions stand far apart is read through; more of that at once would starve what delivers.
const AT_ONCE = 2;

/** Throws `consumer-not-found`, and `invalid-input` for a topic that is not the consumer's. */
export const getAccount = ({ database, members }: Deps): Services["getAccount"] => {
  const gate = createGate(AT_ONCE);
  return ({ consumer, topic }) =>
    gate.run(() =>
      reachable(
        readSnapshot(database.pool, async (db) => {
          const { consumerId, partitions, topics } = await requireConsumer(db, consumer);
          const wanted = topics.filter((it) => topic === undefined || it.topic === topic);
          if (wanted.length === 0) throw invalidField("topic", `is not a topic of consumer "${consumer}"`);
          const facts = await selectAccountFacts(db, {
            consumerId,
            partitions,
            topicIds: wanted.map((it) => it.topicId),
          });
          const inFlight = members.inFlight(consumerId);
          const accounts = [];
          for (const subscribed of wanted) {
            const ofTopic = facts.find((it) => it.topicId === subscribed.topicId);
            if (ofTopic === undefined) continue;
            const account = await countAccount(db, {
              consumerId,
              subscribed,
              facts: ofTopic,
              inFlight: inFlight.filter((it) => it.topicId === subscribed.topicId).map((it) => it.offset),
            });
            accounts.push({ consumer, topic: subscribed.topic, ...account });
          }
          return accounts;
        }),
      ),
    );
};
