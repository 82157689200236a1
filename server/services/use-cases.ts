import type { Members } from "../engine/members/members.ts";
import type { Appender } from "../engine/topics/appender.ts";
import type { TopicDirectory } from "../engine/topics/directory.ts";
import type { TopicReaders } from "../engine/topics/log.ts";
import type { Wakeups } from "../engine/wakeups.ts";
import type { Database } from "../store/database.ts";
import { createApiKey } from "./access/create-api-key.ts";
import { listApiKeys } from "./access/list-api-keys.ts";
import { listAudit } from "./access/list-audit.ts";
import { revokeApiKey } from "./access/revoke-api-key.ts";
import { deleteRole, listPeople, listRoles, putRole, setRoles } from "./access/roles.ts";
import { getApiKey, rotateApiKey } from "./access/rotate-api-key.ts";
import { deleteAlertRule, listAlertRules, putAlertRule } from "./alerts/alert-rules.ts";
import { acknowledgeAlert, listAlerts } from "./alerts/alerts.ts";
import { previewAlertRule } from "./alerts/preview-alert-rule.ts";
import { tellAlerts } from "./alerts/tell-alerts.ts";
import { configureBin, listBin } from "./bin/list-bin.ts";
import { removeConsumer } from "./bin/remove-consumer.ts";
import { removeTopic } from "./bin/remove-topic.ts";
import { restoreRemoved } from "./bin/restore-removed.ts";
import { tellingRemoved } from "./bin/tell-removed.ts";
import { declareConsumer } from "./consumers/declare-consumer.ts";
import { describeConsumer } from "./consumers/describe-consumer.ts";
import { getConsumerHistory } from "./consumers/get-consumer-history.ts";
import { getState } from "./consumers/get-state.ts";
import { listConsumers } from "./consumers/list-consumers.ts";
import { listState } from "./consumers/list-state.ts";
import { pauseConsumer } from "./consumers/pause-consumer.ts";
import { resumeConsumer } from "./consumers/resume-consumer.ts";
import { settle } from "./consumers/settle.ts";
import { awaitProcessed } from "./insight/await-processed.ts";
import { createMatchingCounts } from "./insight/count-matching.ts";
import { getAccount } from "./insight/get-account.ts";
import { getFates } from "./insight/get-fates.ts";
import { getRates } from "./insight/get-rates.ts";
import { isProcessed } from "./insight/is-processed.ts";
import { countReplay } from "./operations/count-replay.ts";
import { getOperation } from "./operations/get-operation.ts";
import { listOperations } from "./operations/list-operations.ts";
import { replayEvents } from "./operations/replay-events.ts";
import { changeOperationRate, steerOperation } from "./operations/steer-operation.ts";
import { countParked } from "./parked/count-parked.ts";
import { discardParked } from "./parked/discard-parked.ts";
import { getSequence } from "./parked/get-sequence.ts";
import { listParked } from "./parked/list-parked.ts";
import { listParkedGroups } from "./parked/list-parked-groups.ts";
import { redriveParked } from "./parked/redrive-parked.ts";
import { restoreDiscarded } from "./parked/restore-discarded.ts";
import { changePositions } from "./positions/change-positions.ts";
import { listPositionChanges } from "./positions/list-position-changes.ts";
import { planPositions } from "./positions/plan-positions.ts";
import { undoPositionChange } from "./positions/undo-position-change.ts";
import type { Services } from "./services.ts";
import { declareTopic } from "./topics/declare-topic.ts";
import { describeTopic } from "./topics/describe-topic.ts";
import { getEvent } from "./topics/get-event.ts";
import { getTopicHistory } from "./topics/get-topic-history.ts";
import { listTopics } from "./topics/list-topics.ts";
import { offsetBefore } from "./topics/offset-before.ts";
import { publishEvents } from "./topics/publish-events.ts";
import { readEvents } from "./topics/read-events.ts";
import { consumerTopics, requireReadableTopics } from "./topics/readable-topics.ts";

export interface UseCaseDeps {
  readonly topicReaders: Pick<TopicReaders, "followers">;
  readonly database: Database;
  readonly wakeups: Wakeups;
  readonly topics: TopicDirectory;
  readonly appender: Appender;
  readonly members: Members;
}

/** Every use case, on the parts it needs. */
export function allUseCases(deps: UseCaseDeps): Services {
  const withMatching = { ...deps, matching: createMatchingCounts(deps.database) };
  return tellingRemoved(deps.database.pool, {
    removeTopic: removeTopic(deps),
    removeConsumer: removeConsumer(deps),
    listBin: listBin(deps),
    configureBin: configureBin(deps),
    restoreRemoved: restoreRemoved(deps),
    declareTopic: declareTopic(deps),
    describeTopic: describeTopic(deps),
    listTopics: listTopics(deps),
    publishEvents: publishEvents(deps),
    readEvents: readEvents(deps),
    getEvent: getEvent(deps),
    offsetBefore: offsetBefore(deps),
    declareConsumer: declareConsumer(deps),
    describeConsumer: describeConsumer(withMatching),
    listConsumers: listConsumers(withMatching),
    settle: settle(deps),
    getState: getState(deps),
    listState: listState(deps),
    consumerTopics: consumerTopics(deps),
    requireReadableTopics: requireReadableTopics(deps),
    planPositions: planPositions(deps),
    changePositions: changePositions(deps),
    listPositionChanges: listPositionChanges(deps),
    undoPositionChange: undoPositionChange(deps),
    pauseConsumer: pauseConsumer(deps),
    resumeConsumer: resumeConsumer(deps),
    listParked: listParked(deps),
    listParkedGroups: listParkedGroups(deps),
    countParked: countParked(deps),
    countReplay: countReplay(deps),
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
    getRates: getRates(deps),
    isProcessed: isProcessed(deps),
    awaitProcessed: awaitProcessed(deps),
    createApiKey: createApiKey(deps),
    getApiKey: getApiKey(deps),
    rotateApiKey: rotateApiKey(deps),
    listApiKeys: listApiKeys(deps),
    revokeApiKey: revokeApiKey(deps),
    listRoles: listRoles(deps),
    putRole: putRole(deps),
    deleteRole: deleteRole(deps),
    listPeople: listPeople(deps),
    setRoles: setRoles(deps),
    listAudit: listAudit(deps),
    listAlerts: listAlerts(deps),
    acknowledgeAlert: acknowledgeAlert(deps),
    tellAlerts: tellAlerts(deps),
    listAlertRules: listAlertRules(deps),
    putAlertRule: putAlertRule(deps),
    deleteAlertRule: deleteAlertRule(deps),
    previewAlertRule: previewAlertRule(deps),
  });
}
