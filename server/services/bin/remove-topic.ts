import { randomUUID } from "node:crypto";
import type { Holdings } from "../../contract/bin.ts";
import { DomainError } from "../../domain/errors.ts";
import { reachable } from "../../engine/database-unavailable.ts";
import { consumerChannel, TOPICS_CHANNEL } from "../../engine/partitions/consumer-channels.ts";
import type { TopicReaders } from "../../engine/topics/log.ts";
import type { Wakeups } from "../../engine/wakeups.ts";
import { insertAuditEntry } from "../../store/access/insert-audit-entry.ts";
import { insertBinEntry } from "../../store/bin/table.ts";
import { touchConsumer } from "../../store/consumers/lock.ts";
import { shelveParked } from "../../store/consumers/subscription-shelf.ts";
import { type Database, patientTransaction, type Queryable } from "../../store/database.ts";
import { lockLeases } from "../../store/members/lease-lock.ts";
import { raiseEpochs } from "../../store/members/lease-table.ts";
import { raiseParkedVersion } from "../../store/parked/version-raise.ts";
import { findTopic } from "../../store/topics/by-name.ts";
import { hideTopic, lockHead, lockReaders, lockTopic, selectTopicHoldings } from "../../store/topics/remove.ts";
import { closeStretch } from "../positions/close-stretch.ts";
import type { RemovalRequest, Services } from "../services.ts";
import { describeRemoval, requireToken } from "./removal.ts";

interface Deps {
  readonly database: Database;
  readonly wakeups: Pick<Wakeups, "announce">;
  readonly topicReaders: Pick<TopicReaders, "followers">;
}

/**
 * Puts a topic into the bin, with its events. Its consumers keep their places in it, and what they have parked of it is
 * put aside with it. From the commit on nothing is appended, followed or delivered, and nothing of before can be settled.
 */
export const removeTopic = (deps: Deps): Services["removeTopic"] => {
  const { database, wakeups } = deps;
  return async (request) => {
    const { topic, isDryRun, mayRead } = request;
    if (isDryRun) {
      return reachable(
        (async () => {
          const found = await findTopic(database.pool, topic);
          if (found === null) throw noSuchTopic(topic);
          const holds = await holdingsOf(deps, database.patient, found.id);
          return describeRemoval(database.pool, { targetId: found.id, holds, entryId: null, mayRead });
        })(),
      );
    }
    const { readers, removal } = await reachable(
      patientTransaction(database.pool, (db) => remove(deps, db, { ...request, topic })),
    );
    wakeups.announce(TOPICS_CHANNEL);
    for (const id of readers) wakeups.announce(consumerChannel(id));
    return removal;
  };
};

async function remove(deps: Deps, db: Queryable, request: RemovalRequest & { readonly topic: string }) {
  const { topic, mayRead, actor } = request;
  // Topics before consumers, before leases, before heads: the order of declarations, settlements and appends.
  const topicId = await lockTopic(db, topic);
  if (topicId === null) throw noSuchTopic(topic);
  const consumers = await lockReaders(db, topicId);
  const readers = consumers.map((it) => it.id);
  for (const consumerId of readers) await lockLeases(db, { consumerId, partitions: "all" });
  await lockHead(db, topicId);
  const holds = await holdingsOf(deps, db, topicId);
  const seen = { targetId: topicId, holds, mayRead };
  const reason = requireToken(request, await describeRemoval(db, { ...seen, entryId: null }));
  for (const { id: consumerId, partitions } of consumers) {
    // What is put aside would pass for handled after it. A restore begins the next stretch.
    await closeStretch(db, { consumerId, topicIds: [topicId], partitions });
    await shelveParked(db, consumerId, [topicId]);
    await raiseParkedVersion(db, consumerId);
    await raiseEpochs(db, consumerId);
    await touchConsumer(db, consumerId);
  }
  const head = await hideTopic(db, topicId);
  const entryId = randomUUID();
  const entry = { id: entryId, kind: "topic", targetId: topicId, name: topic, removedBy: actor.name } as const;
  await insertBinEntry(db, { ...entry, reason, holds, head });
  await insertAuditEntry(db, {
    actor: actor.name,
    action: "topic.removed",
    target: `topic:${topic}`,
    before: holds,
    after: { bin: entryId },
    reason,
    requestId: actor.requestId,
  });
  return { readers, removal: await describeRemoval(db, { ...seen, entryId }) };
}

async function holdingsOf({ topicReaders }: Deps, db: Queryable, topicId: number): Promise<Holdings> {
  return { ...(await selectTopicHoldings(db, topicId)), followers: topicReaders.followers(topicId) };
}

function noSuchTopic(topic: string): DomainError {
  return new DomainError("topic-not-found", `no topic is called ${topic}`);
}
