import type { PersonRow, RoleDescription } from "../contract/access.ts";
import type { Account, ConsumerHistory, Fate, RateHistory, TopicHistory } from "../contract/account.ts";
import type {
  Alert,
  AlertPage,
  AlertPreview,
  AlertQuery,
  AlertRule,
  AlertRuleDeclaration,
} from "../contract/alerts.ts";
import type { ApiKey, Scope } from "../contract/api-keys.ts";
import type { BinEntry, BinList, Removal } from "../contract/bin.ts";
import type {
  ConsumerDeclaration,
  ConsumerDescription,
  ConsumerSummary,
  PauseRequest,
  ResumeRequest,
} from "../contract/consumers.ts";
import type { EventRow, PublishResult } from "../contract/events.ts";
import type { Operation, ReplayPreview, ReplayRequest } from "../contract/operations.ts";
import type {
  DiscardRequest,
  ParkedFacets,
  ParkedFilter,
  ParkedGroup,
  ParkedPage,
  ParkedQuery,
  RedriveRequest,
  Sequence,
} from "../contract/parked.ts";
import type {
  PositionChange,
  PositionChangeRequest,
  PositionPlan,
  PositionPlanRequest,
} from "../contract/position-changes.ts";
import type { Settlement, SettlementResult } from "../contract/settlements.ts";
import type { StateEntry } from "../contract/state.ts";
import type { TopicDeclaration, TopicDescription } from "../contract/topics.ts";
import type { AccessScope, Action, May, Target } from "../domain/access.ts";
import type { Actor } from "../domain/actor.ts";
import type { AlertCondition } from "../domain/alert-rule.ts";
import type { EventFilter } from "../domain/event-filter.ts";
import type { NewEvent } from "../domain/new-event.ts";
import type { Role } from "../domain/roles.ts";

export interface ReadPage {
  readonly topic: string;
  /** Offsets greater than this (order asc), or smaller than this (order desc; absent = from the head). */
  readonly after?: number;
  /** Alternative to `after`: start with the first event (`earliest`), the next one (`latest`), or that of a time. */
  readonly from?: "earliest" | "latest" | (string & {});
  readonly order: "asc" | "desc";
  readonly limit: number;
  readonly filter: EventFilter;
}

export interface EventPage {
  readonly rows: readonly EventRow[];
  /** The `after` of the next page in the same order; null at the end. */
  readonly next: number | null;
  /**
   * Retention has taken events, or may have, between the place asked for and the first one that there is. Asked by key,
   * events of that key: a topic remembers the keys of what it let go.
   */
  readonly gap?: PageGap;
  /** The place asked for lies beyond the head, as after a restore. */
  readonly ahead?: { readonly requested: number; readonly head: number };
}

export interface PageGap {
  readonly requested: number;
  readonly firstAvailable: number;
}

/** A state entry with its value also as the JSON text that was written, digit for digit. */
export type ExactStateEntry = StateEntry & { readonly json?: string };

export interface AuditEntry {
  readonly id: number;
  readonly at: string;
  readonly actor: string;
  readonly action: string;
  readonly target: string;
  readonly before: unknown;
  readonly after: unknown;
  readonly reason: string | null;
  readonly requestId: string | null;
}

/** Throws `forbidden` for scopes that are wider than the caller's own. */
export type MayGive = (scopes: readonly AccessScope[]) => void;

export interface RemovalRequest {
  /** Says what hangs on it and removes nothing. */
  readonly isDryRun: boolean;
  /** Of the dry run. */
  readonly token: string | undefined;
  readonly reason: string | undefined;
  /** Names that the caller may not read are only counted. */
  readonly mayRead: (it: Target) => boolean;
  readonly actor: Actor;
}

/** Every use case there is. Both planes call these and nothing below them. Refusals are `DomainError`s. */
export interface Services {
  readonly declareTopic: (input: {
    topic: string;
    declaration: TopicDeclaration;
    actor: Actor;
  }) => Promise<{ created: boolean; changed: readonly string[]; description: TopicDescription }>;
  readonly describeTopic: (input: { topic: string }) => Promise<TopicDescription>;
  readonly listTopics: () => Promise<TopicDescription[]>;

  readonly publishEvents: (input: {
    topic: string;
    events: readonly NewEvent[];
    /** Per key: offset of the key's last event, 0 for none. */
    expect: ReadonlyMap<string, number> | null;
  }) => Promise<PublishResult>;
  readonly readEvents: (input: ReadPage) => Promise<EventPage>;
  readonly getEvent: (input: { topic: string; offset: number }) => Promise<EventRow>;
  /** Offset of the last event recorded before `time`; 0 when there is none. Follow or read after it. */
  readonly offsetBefore: (input: { topic: string; time: string }) => Promise<number>;

  readonly declareConsumer: (input: {
    consumer: string;
    declaration: ConsumerDeclaration;
    /** Makes a new consumer of this one's settings, positions, parked events and state, all of one instant. */
    copyFrom?: string;
    actor: Actor;
  }) => Promise<{ created: boolean; changed: readonly string[]; description: ConsumerDescription }>;
  /** The names of the topics that a consumer reads. */
  readonly consumerTopics: (input: { consumer: string }) => Promise<string[]>;
  /** Throws `forbidden` unless the caller may read these topics, or all of the consumer's when none are named. */
  readonly requireReadableTopics: (input: { consumer: string; topics?: readonly string[]; may: May }) => Promise<void>;
  readonly describeConsumer: (input: { consumer: string }) => Promise<ConsumerDescription>;
  /** With `hasMatching` what passes filters is counted, as far as there is time. */
  readonly listConsumers: (options?: { hasMatching?: boolean }) => Promise<ConsumerSummary[]>;
  readonly settle: (input: { consumer: string; settlements: readonly Settlement[] }) => Promise<SettlementResult>;
  readonly getState: (input: { consumer: string; key: string }) => Promise<ExactStateEntry>;
  readonly listState: (input: {
    consumer: string;
    prefix?: string;
    after?: string;
    limit: number;
  }) => Promise<{ entries: ExactStateEntry[]; next: string | null }>;

  readonly planPositions: (input: PositionPlanRequest & { consumer: string; actor: Actor }) => Promise<PositionPlan>;
  /** Applies a plan; refuses with `plan-outdated` and a fresh plan in `facts.plan` when something has moved. */
  readonly changePositions: (
    input: PositionChangeRequest & { consumer: string; actor: Actor },
  ) => Promise<PositionChange>;
  readonly listPositionChanges: (input: { consumer: string }) => Promise<PositionChange[]>;

  /** Applies the restore point of a change; refuses with `already-undone` when it is not the newest one standing. */
  readonly undoPositionChange: (input: {
    consumer: string;
    id: string;
    reason: string;
    actor: Actor;
  }) => Promise<PositionChange>;

  readonly pauseConsumer: (input: PauseRequest & { consumer: string; actor: Actor }) => Promise<ConsumerDescription>;
  readonly resumeConsumer: (input: ResumeRequest & { consumer: string; actor: Actor }) => Promise<ConsumerDescription>;

  readonly listParked: (input: ParkedQuery & { consumer: string }) => Promise<ParkedPage>;
  /** The preview of a verb: what passes the filter, and how much each verb would take up. */
  readonly countParked: (input: ParkedFilter & { consumer: string }) => Promise<ParkedFacets>;
  /** Groups of one consumer, or of all. */
  readonly listParkedGroups: (input: { consumer?: string }) => Promise<ParkedGroup[]>;
  readonly getSequence: (input: { consumer: string; topic: string; key: string }) => Promise<Sequence>;
  readonly redriveParked: (input: RedriveRequest & { consumer: string; actor: Actor }) => Promise<Operation>;
  readonly discardParked: (input: DiscardRequest & { consumer: string; actor: Actor }) => Promise<Operation>;
  readonly restoreParked: (input: DiscardRequest & { consumer: string; actor: Actor }) => Promise<Operation>;
  /** The preview of a replay; refuses with `invalid-input` a range that holds nothing settled. */
  readonly countReplay: (
    input: Omit<ReplayRequest, "rate" | "reason"> & { consumer: string },
  ) => Promise<ReplayPreview>;
  readonly replayEvents: (input: ReplayRequest & { consumer: string; actor: Actor }) => Promise<Operation>;
  /**
   * Newest first. `recentMs`: only those that are open or finished so lately; 0 = only open ones. `mayRead`: whether those
   * of a consumer are for the caller's eyes.
   */
  readonly listOperations: (input: {
    consumer?: string;
    mayRead?: (consumer: string) => boolean;
    recentMs?: number;
    limit: number;
  }) => Promise<Operation[]>;
  readonly getOperation: (input: { id: string }) => Promise<Operation>;
  /** Refuses with `operation-over` when its status does not allow it. */
  readonly steerOperation: (input: {
    id: string;
    verb: "pause" | "resume" | "abort";
    actor: Actor;
  }) => Promise<Operation>;
  readonly changeOperationRate: (input: { id: string; rate: number | null; actor: Actor }) => Promise<Operation>;

  /** One account per topic, or the one topic's. */
  readonly getAccount: (input: { consumer: string; topic?: string }) => Promise<Account[]>;
  readonly getFates: (input: { topic: string; offset: number }) => Promise<Fate[]>;
  readonly isProcessed: (input: { consumer: string; topic: string; offset: number }) => Promise<boolean>;
  /** Resolves when the consumer has settled the offset, when the time runs out, or when the signal aborts. */
  readonly awaitProcessed: (input: {
    consumer: string;
    topic: string;
    offset: number;
    timeoutMs: number;
    signal?: AbortSignal;
  }) => Promise<{ processed: boolean; position: number; waitedMs: number }>;
  /** At most 500 points over the last `hours`. */
  readonly getConsumerHistory: (input: { consumer: string; hours: number }) => Promise<ConsumerHistory>;
  /** Over the last hour. */
  readonly getRates: () => Promise<RateHistory>;
  readonly getTopicHistory: (input: { topic: string; hours: number }) => Promise<TopicHistory>;

  /** Refuses with `removal-outdated` when the token stands for other numbers (facts `removal`). */
  readonly removeTopic: (input: { topic: string } & RemovalRequest) => Promise<Removal>;
  readonly removeConsumer: (input: { consumer: string } & RemovalRequest) => Promise<Removal>;
  readonly listBin: () => Promise<BinList>;
  readonly configureBin: (input: { binDays: number; reason: string; actor: Actor }) => Promise<BinList>;
  /** `mayRestore` throws unless the caller may do this to the names. */
  readonly restoreRemoved: (input: {
    id: string;
    as?: string;
    mayRestore: (kind: BinEntry["kind"], name: string, as: string) => void;
    reason: string;
    actor: Actor;
  }) => Promise<Pick<BinEntry, "kind" | "name">>;

  readonly createApiKey: (input: {
    name: string;
    scopes: readonly Scope[];
    expiresAt?: string;
    /** Only `MILLRACE_API_KEY` brings its own; everybody else is given one. */
    secret?: string;
    actor: Actor;
  }) => Promise<{ key: ApiKey; secret: string }>;
  readonly listApiKeys: () => Promise<ApiKey[]>;
  readonly getApiKey: (input: { id: string }) => Promise<ApiKey>;
  readonly rotateApiKey: (input: {
    id: string;
    overlapMs: number;
    actor: Actor;
  }) => Promise<{ key: ApiKey; secret: string }>;
  readonly revokeApiKey: (input: { id: string; actor: Actor }) => Promise<ApiKey>;

  readonly listRoles: () => Promise<RoleDescription[]>;
  readonly putRole: (input: {
    role: Role;
    actor: Actor;
    mayGive: MayGive;
  }) => Promise<{ role: RoleDescription; created: boolean }>;
  /** Whoever has the role loses it. */
  readonly deleteRole: (input: { name: string; actor: Actor; mayGive: MayGive }) => Promise<void>;
  readonly listPeople: () => Promise<PersonRow[]>;
  readonly setRoles: (input: {
    personId: string;
    roles: readonly string[];
    actor: Actor;
    mayGive: MayGive;
  }) => Promise<PersonRow>;

  /** Newest first, of what the caller may see. */
  readonly listAudit: (input: { before?: number; limit: number; may: May }) => Promise<{
    entries: AuditEntry[];
    next: number | null;
  }>;

  /** The newest first, of what the caller may read. */
  readonly listAlerts: (input: AlertQuery & { may: May }) => Promise<AlertPage>;
  /** Refuses with `not-found` what the caller may not read, and with `require` whom he may not operate. */
  readonly acknowledgeAlert: (input: {
    id: string;
    note?: string;
    actor: Actor;
    may: May;
    require: (action: Action, target: Target) => void;
  }) => Promise<Alert>;
  /** Brings what has become of alerts to the topic of alerts. */
  readonly tellAlerts: () => Promise<void>;
  readonly listAlertRules: () => Promise<AlertRule[]>;
  readonly putAlertRule: (input: {
    name: string;
    declaration: AlertRuleDeclaration;
    actor: Actor;
  }) => Promise<{ rule: AlertRule; created: boolean }>;
  readonly deleteAlertRule: (input: { name: string; actor: Actor }) => Promise<void>;
  /** Of what the caller may read. */
  readonly previewAlertRule: (input: { condition: AlertCondition; may: May }) => Promise<AlertPreview>;
}
