import type { ApiKey, Scope } from "../contract/api-keys.ts";
import type { ConsumerDeclaration, ConsumerDescription } from "../contract/consumers.ts";
import type { EventRow, PublishResult } from "../contract/events.ts";
import type {
  PositionChange,
  PositionChangeRequest,
  PositionPlan,
  PositionPlanRequest,
} from "../contract/position-changes.ts";
import type { Settlement, SettlementResult } from "../contract/settlements.ts";
import type { StateEntry } from "../contract/state.ts";
import type { TopicDeclaration, TopicDescription } from "../contract/topics.ts";
import type { Actor } from "../domain/actor.ts";
import type { EventFilter } from "../domain/event-filter.ts";
import type { NewEvent } from "../domain/new-event.ts";

export interface ReadPage {
  readonly topic: string;
  /** Offsets greater than this (order asc), or smaller than this (order desc; absent = from the head). */
  readonly after?: number;
  /** Alternative to `after`: start with the first event recorded at or after this time. */
  readonly from?: string;
  readonly order: "asc" | "desc";
  readonly limit: number;
  readonly filter: EventFilter;
}

export interface EventPage {
  readonly rows: readonly EventRow[];
  /** The `after` of the next page in the same order; null at the end. */
  readonly next: number | null;
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

/** Every use case there is. Both planes call these and nothing below them. Refusals are `DomainError`s. */
export interface Services {
  readonly declareTopic: (input: {
    topic: string;
    declaration: TopicDeclaration;
    actor: Actor;
  }) => Promise<{ created: boolean; description: TopicDescription }>;
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
    actor: Actor;
  }) => Promise<{ created: boolean; description: ConsumerDescription }>;
  readonly describeConsumer: (input: { consumer: string }) => Promise<ConsumerDescription>;
  readonly listConsumers: () => Promise<ConsumerDescription[]>;
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

  readonly createApiKey: (input: {
    name: string;
    scopes: readonly Scope[];
    expiresAt?: string;
    /** Only `MILLRACE_API_KEY` brings its own; everybody else is given one. */
    secret?: string;
    actor: Actor;
  }) => Promise<{ key: ApiKey; secret: string }>;
  readonly listApiKeys: () => Promise<ApiKey[]>;
  readonly revokeApiKey: (input: { id: string; actor: Actor }) => Promise<ApiKey>;

  readonly listAudit: (input: { before?: number; limit: number }) => Promise<{
    entries: AuditEntry[];
    next: number | null;
  }>;
}
