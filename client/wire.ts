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
  readonly attempt: number;
  readonly replay: boolean;
}

export interface Settlement {
  topic: string;
  partition: number;
  epoch: number;
  offset: number;
  outcome: "ack" | "extend";
  upTo?: boolean | undefined;
  state?: { set?: Record<string, unknown> | undefined; delete?: string[] | undefined } | undefined;
}

/** A value a consumer keeps; `version` is 1 at the first write and one more at every later one. */
export interface StateEntry<Value = unknown> {
  key: string;
  value: Value;
  version: number;
  updatedAt: string;
}

export interface TopicDescription {
  topic: string;
  description: string;
  createdAt: string;
  /** Offset of the last event; 0 = empty. */
  head: number;
  /** Offset of the first event still retained; head + 1 when none is. */
  tail: number;
  bytes: number;
  firstRecordedAt: string | null;
  lastRecordedAt: string | null;
}

export interface Subscription {
  topic: string;
  types?: string[] | undefined;
  keys?: string[] | undefined;
  keyPrefix?: string | undefined;
  /** Where to begin in a topic not read before. Default: `earliest`. */
  start?: "earliest" | "latest" | { offset: number } | { time: string } | undefined;
}

export type Backoff = { initialMs: number; factor: number; maxMs: number; jitter: number } | { delaysMs: number[] };

export interface ConsumerDeclaration {
  topics: Subscription[];
  /** How many members can work at once. Default 1. */
  partitions?: number | undefined;
  ordering?: "key" | "topic" | undefined;
  retry?:
    | { maxAttempts?: number | undefined; backoff?: Backoff | undefined; permanentErrors?: string[] | undefined }
    | undefined;
  /** Events one member may hold unsettled. Default 256. */
  maxInFlight?: number | undefined;
  /** How long a member may hold an event without a word about it. Default 30,000. */
  ackTimeoutMs?: number | undefined;
}

/** What the SDK reads of `GET /v1/consumers/{consumer}`. */
export interface ConsumerDescription {
  consumer: string;
  topics: { topic: string; position: number; head: number; lag: number; lagMs: number }[];
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
