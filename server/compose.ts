import { randomUUID } from "node:crypto";
import { openAccess } from "./auth/access.ts";
import { hashPassword } from "./auth/password.ts";
import { createAppender } from "./engine/appender.ts";
import { createMembers } from "./engine/members.ts";
import { startOperationRunner } from "./engine/operation-runner.ts";
import { createSampler } from "./engine/sampler.ts";
import { createTopicDirectory } from "./engine/topic-directory.ts";
import { createTopicReaders } from "./engine/topic-readers.ts";
import { createWakeups } from "./engine/wakeups.ts";
import type { Log } from "./log.ts";
import { accessUseCases } from "./services/access-use-cases.ts";
import { awaitProcessed } from "./services/await-processed.ts";
import { changePositions } from "./services/change-positions.ts";
import { countParked } from "./services/count-parked.ts";
import { createApiKey } from "./services/create-api-key.ts";
import { declareConsumer } from "./services/declare-consumer.ts";
import { declareTopic } from "./services/declare-topic.ts";
import { describeConsumer } from "./services/describe-consumer.ts";
import { describeTopic } from "./services/describe-topic.ts";
import { discardParked } from "./services/discard-parked.ts";
import { getAccount } from "./services/get-account.ts";
import { getConsumerHistory } from "./services/get-consumer-history.ts";
import { getEvent } from "./services/get-event.ts";
import { getFates } from "./services/get-fates.ts";
import { getOperation } from "./services/get-operation.ts";
import { getSequence } from "./services/get-sequence.ts";
import { getState } from "./services/get-state.ts";
import { getTopicHistory } from "./services/get-topic-history.ts";
import { isProcessed } from "./services/is-processed.ts";
import { listApiKeys } from "./services/list-api-keys.ts";
import { listAudit } from "./services/list-audit.ts";
import { listConsumers } from "./services/list-consumers.ts";
import { listOperations } from "./services/list-operations.ts";
import { listParked } from "./services/list-parked.ts";
import { listParkedGroups } from "./services/list-parked-groups.ts";
import { listPositionChanges } from "./services/list-position-changes.ts";
import { listState } from "./services/list-state.ts";
import { listTopics } from "./services/list-topics.ts";
import { offsetBefore } from "./services/offset-before.ts";
import { pauseConsumer } from "./services/pause-consumer.ts";
import { planPositions } from "./services/plan-positions.ts";
import { publishEvents } from "./services/publish-events.ts";
import { readEvents } from "./services/read-events.ts";
import { redriveParked } from "./services/redrive-parked.ts";
import { replayEvents } from "./services/replay-events.ts";
import { restoreDiscarded } from "./services/restore-discarded.ts";
import { resumeConsumer } from "./services/resume-consumer.ts";
import { revokeApiKey } from "./services/revoke-api-key.ts";
import type { Services } from "./services/services.ts";
import { settle } from "./services/settle.ts";
import { changeOperationRate, steerOperation } from "./services/steer-operation.ts";
import { undoPositionChange } from "./services/undo-position-change.ts";
import { openDatabase } from "./store/database.ts";

export interface ComposeOptions {
  readonly databaseUrl: string;
  readonly maxConnections: number;
  readonly log: Log;
  /** `MILLRACE_ADMIN_EMAIL` and `MILLRACE_ADMIN_PASSWORD`. */
  readonly admin?: { readonly email: string; readonly password: string };
  /** `MILLRACE_API_KEY`. */
  readonly apiKey?: string;
}

export type Parts = Awaited<ReturnType<typeof compose>>;

/** Everything below the network, wired together on a migrated database. `close` drains and stops it, in order. */
export async function compose(options: ComposeOptions) {
  const { log } = options;
  const onError = (error: unknown) => log("error", "something failed in the background", { error });
  const database = openDatabase({ url: options.databaseUrl, maxConnections: options.maxConnections, onError });
  const wakeups = createWakeups(database, { onError });
  const topicReaders = createTopicReaders(database, { wakeups, onError });
  const appender = createAppender(database, { wakeups, onError, onCommitted: (batch) => topicReaders.handOver(batch) });
  const topics = createTopicDirectory(database);
  const instance = randomUUID();
  const members = createMembers({ database, topicReaders, wakeups, instance, onError });

  const deps = { database, wakeups, topics, appender, members };
  const services: Services = {
    declareTopic: declareTopic(deps),
    describeTopic: describeTopic(deps),
    listTopics: listTopics(deps),
    publishEvents: publishEvents(deps),
    readEvents: readEvents(deps),
    getEvent: getEvent(deps),
    offsetBefore: offsetBefore(deps),
    declareConsumer: declareConsumer(deps),
    describeConsumer: describeConsumer(deps),
    listConsumers: listConsumers(deps),
    settle: settle(deps),
    getState: getState(deps),
    listState: listState(deps),
    planPositions: planPositions(deps),
    changePositions: changePositions(deps),
    listPositionChanges: listPositionChanges(deps),
    undoPositionChange: undoPositionChange(deps),
    pauseConsumer: pauseConsumer(deps),
    resumeConsumer: resumeConsumer(deps),
    listParked: listParked(deps),
    listParkedGroups: listParkedGroups(deps),
    countParked: countParked(deps),
    getSequence: getSequence(deps),
    redriveParked: redriveParked(deps),
    discardParked: discardParked(deps),
    restoreParked: restoreDiscarded(deps),
    replayEvents: replayEvents(deps),
    listOperations: listOperations(deps),
    getOperation: getOperation(deps),
    steerOperation: steerOperation(deps),
    changeOperationRate: changeOperationRate(deps),
    getAccount: getAccount(deps),
    getFates: getFates(deps),
    getConsumerHistory: getConsumerHistory(deps),
    getTopicHistory: getTopicHistory(deps),
    isProcessed: isProcessed(deps),
    awaitProcessed: awaitProcessed(deps),
    createApiKey: createApiKey(deps),
    listApiKeys: listApiKeys(deps),
    revokeApiKey: revokeApiKey(deps),
    listAudit: listAudit(deps),
  };
  const access = await openAccess({
    useCases: accessUseCases({ database, wakeups, hashPassword }),
    prisma: database.prisma,
    wakeups,
    onError,
    ...(options.admin === undefined ? {} : { admin: options.admin }),
    ...(options.apiKey === undefined ? {} : { apiKey: options.apiKey }),
  });

  const operations = startOperationRunner({ database, wakeups, instance, onError });
  const sampler = createSampler(database, { onError });

  return {
    services,
    access,
    members,
    topicReaders,
    openReader: async (topic: string) => topicReaders.open(await topics.find(topic)),
    /** Whether the database answers; rejects when it does not. */
    ping: async () => {
      await database.pool.query("SELECT 1");
    },
    async close() {
      // Callers first, what they stand on last: the appender answers everybody before the database goes.
      await Promise.allSettled([appender.close(), members.close(), operations.close(), sampler.close()]);
      await Promise.allSettled([topicReaders.close(), access.close()]);
      await wakeups.close();
      await database.close();
    },
  };
}
