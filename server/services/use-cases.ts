import type { Appender } from "../engine/appender.ts";
import type { Members } from "../engine/members.ts";
import type { TopicDirectory } from "../engine/topic-directory.ts";
import type { TopicReaders } from "../engine/topic-log.ts";
import type { Wakeups } from "../engine/wakeups.ts";
import type { Database } from "../store/database.ts";
import { deleteAlertRule, listAlertRules, putAlertRule } from "./alert-rules.ts";
import { acknowledgeAlert, listAlerts } from "./alerts.ts";
import { awaitProcessed } from "./await-processed.ts";
import { changePositions } from "./change-positions.ts";
import { createMatchingCounts } from "./count-matching.ts";
import { countParked } from "./count-parked.ts";
import { countReplay } from "./count-replay.ts";
import { createApiKey } from "./create-api-key.ts";
import { declareConsumer } from "./declare-consumer.ts";
import { declareTopic } from "./declare-topic.ts";
import { describeConsumer } from "./describe-consumer.ts";
import { describeTopic } from "./describe-topic.ts";
import { discardParked } from "./discard-parked.ts";
import { getAccount } from "./get-account.ts";
import { getConsumerHistory } from "./get-consumer-history.ts";
import { getEvent } from "./get-event.ts";
import { getFates } from "./get-fates.ts";
import { getOperation } from "./get-operation.ts";
import { getRates } from "./get-rates.ts";
import { getSequence } from "./get-sequence.ts";
import { getState } from "./get-state.ts";
import { getTopicHistory } from "./get-topic-history.ts";
import { isProcessed } from "./is-processed.ts";
import { listApiKeys } from "./list-api-keys.ts";
import { listAudit } from "./list-audit.ts";
import { configureBin, listBin } from "./list-bin.ts";
import { listConsumers } from "./list-consumers.ts";
import { listOperations } from "./list-operations.ts";
import { listParked } from "./list-parked.ts";
import { listParkedGroups } from "./list-parked-groups.ts";
import { listPositionChanges } from "./list-position-changes.ts";
import { listState } from "./list-state.ts";
import { listTopics } from "./list-topics.ts";
import { offsetBefore } from "./offset-before.ts";
import { pauseConsumer } from "./pause-consumer.ts";
import { planPositions } from "./plan-positions.ts";
import { previewAlertRule } from "./preview-alert-rule.ts";
import { publishEvents } from "./publish-events.ts";
import { readEvents } from "./read-events.ts";
import { consumerTopics, requireReadableTopics } from "./readable-topics.ts";
import { redriveParked } from "./redrive-parked.ts";
import { removeConsumer } from "./remove-consumer.ts";
import { removeTopic } from "./remove-topic.ts";
import { replayEvents } from "./replay-events.ts";
import { restoreDiscarded } from "./restore-discarded.ts";
import { restoreRemoved } from "./restore-removed.ts";
import { resumeConsumer } from "./resume-consumer.ts";
import { revokeApiKey } from "./revoke-api-key.ts";
import { deleteRole, listPeople, listRoles, putRole, setRoles } from "./roles.ts";
import { getApiKey, rotateApiKey } from "./rotate-api-key.ts";
import type { Services } from "./services.ts";
import { settle } from "./settle.ts";
import { changeOperationRate, steerOperation } from "./steer-operation.ts";
import { tellAlerts } from "./tell-alerts.ts";
import { tellingRemoved } from "./tell-removed.ts";
import { undoPositionChange } from "./undo-position-change.ts";

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
