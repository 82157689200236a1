import type { Account } from "../../contract/account.ts";
import { DomainError, invalidField } from "../../domain/errors.ts";
import { HandledBefore } from "../../domain/handled-before.ts";
import { reachable } from "../../engine/database-unavailable.ts";
import { createGate } from "../../engine/members/gate.ts";
import type { Members } from "../../engine/members/members.ts";
import type { Database, Queryable } from "../../store/database.ts";
import { selectAccountFacts } from "../../store/insight/account-facts-select.ts";
import { selectHandled } from "../../store/insight/handled-before-select.ts";
import { readSnapshot } from "../../store/read-snapshot.ts";
import { requireConsumer } from "../consumers/require-consumer.ts";
import type { Services } from "../services.ts";
import { countAccount } from "./count-account.ts";

interface Deps {
  readonly database: Database;
  readonly members: Pick<Members, "inFlight">;
}

// A topic in which partitions stand far apart is read through; more of that at once would starve what delivers.
const AT_ONCE = 2;
const MAX_WAITING = 50;

/**
 * Throws `consumer-not-found`, `invalid-input` for a topic that is not the consumer's, and `queue-full` when too many
 * ask at once.
 */
export const getAccount = ({ database, members }: Deps): Services["getAccount"] => {
  const gate = createGate(AT_ONCE);
  let asking = 0;
  return async (of) => {
    if (asking >= AT_ONCE + MAX_WAITING) {
      throw new DomainError("queue-full", "too many accounts are asked for at once", { retryAfterSeconds: 2 });
    }
    asking += 1;
    try {
      return await gate.run(() => reachable(readSnapshot(database.pool, (db) => countAll(db, { ...of, members }))));
    } finally {
      asking -= 1;
    }
  };
};

async function countAll(
  db: Queryable,
  { consumer, topic, members }: { consumer: string; topic?: string; members: Deps["members"] },
): Promise<Account[]> {
  const { consumerId, partitions, topics } = await requireConsumer(db, consumer);
  const wanted = topics.filter((it) => topic === undefined || it.topic === topic);
  if (wanted.length === 0) throw invalidField("topic", `is not a topic of consumer "${consumer}"`);
  const topicIds = wanted.map((it) => it.topicId);
  const facts = await selectAccountFacts(db, { consumerId, partitions, topicIds });
  const handled = await selectHandled(db, { consumerId, topicIds, partitions });
  const inFlight = await members.inFlight(consumerId);
  const accounts: Account[] = [];
  for (const { topicId, topic: name, filter } of wanted) {
    const ofTopic = facts.find((it) => it.topicId === topicId);
    if (ofTopic === undefined) continue;
    const account = await countAccount(db, {
      consumerId,
      topicId,
      facts: ofTopic,
      past: { history: ofTopic.history, handled: handled.get(topicId) ?? new HandledBefore([]), filter },
      inFlight: inFlight.filter((it) => it.topicId === topicId).map((it) => it.offset),
    });
    accounts.push({ consumer, topic: name, ...account });
  }
  return accounts;
}
