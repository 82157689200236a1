/**
 * The shapes that travel, written out so that the package stands alone. `wire.test.ts` holds them equal to the server's
 * contract at compile time.
 */

/** An event on its way into a topic. */
export interface NewEvent {
  readonly type: string;
  /** Groups events that belong together; order is promised per key. */
  readonly key?: string | undefined;
  /** Any JSON. */
  readonly data?: unknown;
  /** Makes a repeat harmless. The SDK gives one to every event that has none. */
  readonly id?: string | undefined;
  /** When it happened, RFC 3339. */
  readonly time?: string | undefined;
  readonly source?: string | undefined;
  readonly subject?: string | undefined;
  readonly dataschema?: string | undefined;
  /** CloudEvents extension attributes, such as `correlationid`. */
  readonly extensions?: Record<string, string | number | boolean> | undefined;
}

/** Where an event was stored; `duplicate` when the topic held its id already, at this offset. */
export interface PublishedEvent {
  id: string;
  offset: number;
  duplicate: boolean;
}

/** An event as everybody receives it: CloudEvents 1.0. `partitionkey` is its key, `sequence` its offset in digits. */
export interface CloudEvent<Data = unknown> {
  readonly specversion: "1.0";
  readonly id: string;
  readonly type: string;
  readonly source: string;
  readonly topic: string;
  readonly sequence: string;
  readonly recordedtime: string;
  readonly partitionkey?: string;
  readonly time?: string;
  readonly subject?: string;
  readonly dataschema?: string;
  readonly datacontenttype?: string;
  readonly data?: Data;
  readonly data_base64?: string;
  readonly [extension: string]: unknown;
}

export interface Delivery {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly epoch: number;
  /** 1 for the first delivery. */
  readonly attempt: number;
  readonly replay: boolean;
  /** May have been given to this session before: the stream was resumed. */
  readonly redelivered: boolean;
  /** Out of the order of offsets, in the order of its sequence. */
  readonly parked?: true;
  /** The redrive or replay it is delivered for. */
  readonly operation?: string;
}

/**
 * An event was parked, and every later event of its sequence that was delivered before is taken back: it is not to be
 * handled, and comes again in its turn. `key` null: of the partition and topic if those are its sequence, else of none.
 */
export interface ParkedNotice {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly key: string | null;
}

/** The failure of a handler. */
export interface DeliveryError {
  name: string;
  message: string;
  stack?: string | undefined;
}

/** Committed with the settlement if every expectation holds; otherwise the request is refused as `state-conflict`. */
export interface StateChange {
  set?: Record<string, unknown> | undefined;
  delete?: string[] | undefined;
  /** Per entry the version it must have; 0 = it must be absent. */
  expect?: Record<string, number> | undefined;
  /** Per entry what is added to its number. */
  increment?: Record<string, number> | undefined;
}

export interface Settlement {
  /** Left out with `extend`: all that is in flight of the partition is meant. */
  topic?: string | undefined;
  partition: number;
  epoch: number;
  /** Left out with `extend`: all that is in flight of the topic is meant. */
  offset?: number | undefined;
  outcome: "ack" | "retry" | "dead-letter" | "skip" | "extend";
  attempt?: number | undefined;
  error?: DeliveryError | undefined;
  delayMs?: number | undefined;
  reason?: string | undefined;
  state?: StateChange | undefined;
}

export interface SettlementResult {
  settled: number;
  /** Indexes of settlements that do not count: the delivery was taken back, and the event comes again. */
  superseded?: number[] | undefined;
}

/** A value a consumer keeps; `version` is 1 at the first write and one more at every later one. */
export interface StateEntry<Value = unknown> {
  key: string;
  value: Value;
  version: number;
  updatedAt: string;
}

/** A field that is not named stays as it is; null puts a default back. */
export interface TopicDeclaration {
  description?: string | null | undefined;
  /** null = events are kept for ever; a bound that is null = none. */
  retention?:
    | {
        maxAgeMs?: number | null | undefined;
        maxEvents?: number | null | undefined;
        maxBytes?: number | null | undefined;
        /** Also past the slowest consumer, which then misses what is gone. */
        force?: boolean | null | undefined;
      }
    | null
    | undefined;
}

export interface TopicDescription {
  topic: string;
  description: string;
  /** null = events are kept for ever; a bound that is null = none. */
  retention: { maxAgeMs: number | null; maxEvents: number | null; maxBytes: number | null; force: boolean } | null;
  /** Retention waits for consumers that have not passed the first event kept: the slowest ten, and how many there are. */
  heldUp: { over: RetentionExcess; by: { consumer: string; position: number }[]; consumers: number } | null;
  createdAt: string;
  /** Offset of the last event; 0 = empty. */
  head: number;
  /** Offset of the first event still retained; head + 1 when none is. */
  tail: number;
  bytes: number;
  firstRecordedAt: string | null;
  lastRecordedAt: string | null;
}

/** How far what a topic keeps is past each bound of its retention; null = within it, or there is none. */
export interface RetentionExcess {
  events: number | null;
  bytes: number | null;
  /** Of the oldest event. */
  ms: number | null;
}

export interface Subscription {
  topic: string;
  /** null = all. */
  types?: string[] | null | undefined;
  keys?: string[] | null | undefined;
  keyPrefix?: string | null | undefined;
  /** Where to begin in a topic not read before. Default: `earliest`. */
  start?: "earliest" | "latest" | { offset: number } | { time: string } | null | undefined;
  /** Types that are never delivered as a replay: what they cause must not happen twice. */
  liveOnly?: string[] | null | undefined;
}

export type Backoff = { initialMs: number; factor: number; maxMs: number; jitter: number } | { delaysMs: number[] };

/** A field that is not named stays as it is, or is the default of a new consumer; null puts a default back. */
export interface ConsumerDeclaration {
  /** All of them, and of a new consumer at least one: a topic left out is dropped. */
  topics?: Subscription[] | undefined;
  /** How many members can work at once. Default 1. */
  partitions?: number | null | undefined;
  ordering?: "key" | "topic" | null | undefined;
  retry?:
    | {
        maxAttempts?: number | null | undefined;
        backoff?: Backoff | null | undefined;
        permanentErrors?: string[] | null | undefined;
      }
    | null
    | undefined;
  /**
   * Stops deliveries when `failureShare` of `minSettlements` or more within `windowMs` fail, and tries one after
   * `probeMinMs`, then ever more seldom up to `probeMaxMs`. null = off. Default: on, 0.9 of 20 within 30 s.
   */
  breaker?:
    | {
        failureShare?: number | null | undefined;
        minSettlements?: number | null | undefined;
        windowMs?: number | null | undefined;
        probeMinMs?: number | null | undefined;
        probeMaxMs?: number | null | undefined;
      }
    | null
    | undefined;
  /** Events one member may hold unsettled. Default 256. */
  maxInFlight?: number | null | undefined;
  /** How long a member may hold an event without a word about it. Default 30,000. */
  ackTimeoutMs?: number | null | undefined;
  /** How long a member whose connection broke is awaited. Default 5,000. */
  reconnectGraceMs?: number | null | undefined;
}

/** The answer to a declaration: `changed` names the fields that are another now. */
export interface Declared {
  created: boolean;
  changed: string[];
}

/** The part of `GET /v1/consumers/{consumer}` that the SDK reads. */
export interface ConsumerDescription {
  consumer: string;
  status: "healthy" | "lagging" | "blocked" | "stalled" | "failing" | "paused" | "halted" | "idle";
  /** One sentence: why it stands as it does. */
  why: string;
  /** Events out of the flow, by what they wait for. */
  parked: { retrying: number; dead: number; blocked: number; discarded: number };
  topics: {
    topic: string;
    position: number;
    head: number;
    lag: number;
    lagMs: number;
    /** With a filter: how many of the events between position and head pass it; not exact = so many at least. */
    matching?: { count: number; isExact: boolean } | undefined;
    /** How far the topic's retention is past its bounds because this consumer has not passed the first event kept. */
    holdsUp: RetentionExcess | null;
  }[];
  partitions: number;
  ordering: "key" | "topic";
  maxInFlight: number;
  ackTimeoutMs: number;
}

/** An RFC 9457 problem document. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  readonly instance: string;
  readonly errors?: readonly { readonly field: string; readonly message: string }[];
  readonly [fact: string]: unknown;
}
