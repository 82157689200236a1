import type { Fate } from "../../contract/account.ts";
import { isOpen, pastClassOf } from "../../domain/account-class.ts";
import { DomainError } from "../../domain/errors.ts";
import { passes } from "../../domain/event-filter.ts";
import { parkedText, pendingText, settledText } from "../../domain/fate-words.ts";
import type { HandledBefore } from "../../domain/handled-before.ts";
import { partitionOf, sequenceHash } from "../../domain/partition-of.ts";
import { reachable } from "../../engine/database-unavailable.ts";
import type { InFlightDelivery } from "../../engine/members/in-flight.ts";
import type { Members } from "../../engine/members/members.ts";
import type { TopicDirectory } from "../../engine/topics/directory.ts";
import type { Database } from "../../store/database.ts";
import { type AccountFacts, selectAccountFacts } from "../../store/insight/account-facts-select.ts";
import { type FateFacts, selectFateFacts } from "../../store/insight/fate-facts-select.ts";
import { selectHandledAt } from "../../store/insight/handled-before-select.ts";
import { readSnapshot } from "../../store/read-snapshot.ts";
import { readEventsAt } from "../../store/topics/event-rows.ts";
import type { Services } from "../services.ts";

interface Deps {
  readonly database: Database;
  readonly topics: Pick<TopicDirectory, "find">;
  readonly members: Pick<Members, "inFlight">;
}

interface FateEvent {
  readonly offset: number;
  readonly key: string | null;
  readonly type: string;
}

/** Tells the fate of one event for every consumer of its topic. Throws `topic-not-found` and `event-not-found`. */
export const getFates =
  ({ database, topics, members }: Deps): Services["getFates"] =>
  async ({ topic: name, offset }) => {
    const topic = await topics.find(name);
    return reachable(
      readSnapshot(database.pool, async (db) => {
        const [event] = await readEventsAt(db, { topicId: topic.id, topic: name }, [offset]);
        if (event === undefined) throw new DomainError("event-not-found", `${name} has no event ${offset}`);
        const consumers = await selectFateFacts(db, {
          topicId: topic.id,
          offset,
          key: event.key,
          hash: sequenceHash(event),
        });
        const fates: Fate[] = [];
        for (const facts of consumers) {
          const { consumerId, partitions } = facts;
          const [account] = await selectAccountFacts(db, { consumerId, partitions, topicIds: [topic.id] });
          const inFlight = await members.inFlight(consumerId);
          const delivery = inFlight.find(
            (it) => it.topicId === topic.id && it.offset === offset && it.partition < partitions,
          );
          if (account === undefined) continue;
          const handled = await selectHandledAt(db, { consumerId, partitions, topicId: topic.id, offset });
          fates.push(fateOf(event, { facts, account, handled, delivery }));
        }
        return fates;
      }),
    );
  };

interface FateSources {
  readonly facts: FateFacts;
  readonly account: AccountFacts;
  readonly handled: HandledBefore;
  readonly delivery: InFlightDelivery | undefined;
}

function fateOf(event: FateEvent, { facts, account, handled, delivery }: FateSources): Fate {
  const { consumer, partitions, parked, behind, failures } = facts;
  const { offset } = event;
  const partition = partitionOf(event, partitions);
  const member = delivery?.member ?? null;
  const nothing = { attempt: null, dueAt: null, member: null, behind: null, parked: null, change: null };
  const fate = { consumer, partition, ...nothing };
  if (parked !== null && !parked.isRerun) {
    const { state, attempt, dueAt } = parked;
    const isBlocked = state === "blocked";
    return {
      ...fate,
      fate: state,
      detail: parkedText(parked, { member, behind }),
      attempt,
      dueAt: state === "retrying" ? dueAt : null,
      member: state === "retrying" ? member : null,
      behind: isBlocked ? behind : null,
      parked: state,
    };
  }
  const past = { history: account.history, handled, filter: facts.filter };
  const isAhead = isOpen(past, event);
  // Below the tail it is there for those who have it parked; the reader of the flow does not come by any more.
  if (offset < account.tail && (isAhead || account.expired.has(offset))) {
    return { ...fate, fate: "expired", detail: "retention took it before it could be delivered" };
  }
  if (isAhead && delivery !== undefined && passes(facts.filter, event)) {
    const { attempt } = delivery;
    const what = attempt === null ? "it" : `attempt ${attempt}`;
    return { ...fate, fate: "in-flight", detail: `${what} is with ${delivery.member}`, attempt, member };
  }
  const became = pastClassOf(past, event);
  switch (became) {
    case "filtered": {
      const does = isAhead || !passes(facts.filter, event) ? "passes" : "of then passed";
      return { ...fate, fate: "filtered", detail: `the consumer's filter ${does} over it (type ${event.type})` };
    }
    case "settled":
      return { ...fate, fate: "settled", detail: settledText(failures, parked?.operationId ?? null), member };
    case "before-start": {
      const detail = `the consumer began after offset ${account.history.beganAfter}`;
      return { ...fate, fate: "before-start", detail };
    }
    case "open": {
      const position = account.history.now[0]?.cursors.get(partition)?.position ?? 0;
      const detail = pendingText({ ahead: Math.max(0, offset - 1 - position), behind });
      return { ...fate, fate: "pending", detail, behind };
    }
    default: {
      const did = became.cleared.has(offset) ? "cleared it" : "went past it";
      return { ...fate, fate: "skipped", detail: `a position change by ${became.actor} ${did}`, change: became.id };
    }
  }
}
