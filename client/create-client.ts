// The package's front door, and therefore the one file that exports what others declare.
import { awaitProcessed, isProcessed, type WaitOptions } from "./await-processed.ts";
import { type ConsumeOptions, consumeEvents } from "./consume-events.ts";
import { ConsumerState } from "./consumer-state.ts";
import { type AppendOptions, appendEvents, type Loaded, type LoadOptions, loadAggregate } from "./event-sourcing.ts";
import { type FollowOptions, followTopic } from "./follow-topic.ts";
import type { Handler } from "./member-options.ts";
import { type PublishOptions, publishEvents } from "./publish-events.ts";
import type { ReceivedEvent } from "./received-event.ts";
import { path, Transport, type TransportOptions } from "./transport.ts";
import type {
  CloudEvent,
  ConsumerDeclaration,
  ConsumerDescription,
  Declared,
  NewEvent,
  PublishedEvent,
  TopicDeclaration,
  TopicDescription,
} from "./wire.ts";

export type { WaitOptions } from "./await-processed.ts";
export type { ConnectionListeners } from "./connection-watch.ts";
export type { ConsumeOptions } from "./consume-events.ts";
export { ConsumerState } from "./consumer-state.ts";
export type { EventContext, EventState } from "./event-context.ts";
export type { AppendOptions, Loaded, LoadOptions } from "./event-sourcing.ts";
export type { FollowOptions } from "./follow-topic.ts";
export { PermanentError, RetryLater, SkipEvent } from "./handler-errors.ts";
export type { Assignment, Pause } from "./member-connection.ts";
export type { Handler } from "./member-options.ts";
export { AheadError, ConflictError, GapError, MillraceError } from "./millrace-error.ts";
export type { PublishOptions } from "./publish-events.ts";
export type { ReceivedEvent } from "./received-event.ts";
export type { TransportOptions as ClientOptions } from "./transport.ts";
export type * from "./wire.ts";

export interface Client {
  /** Creates a topic, or leaves one that exists as it is (but for what is given). */
  declareTopic(topic: string, declaration?: TopicDeclaration): Promise<TopicDescription & Declared>;
  /**
   * Creates a consumer, or changes what is named of it and nothing else; its positions stay. A new one that says
   * `copyFrom` takes over the other's settings, positions, parked events and state: a new version beside the old.
   */
  declareConsumer(
    consumer: string,
    declaration: ConsumerDeclaration & { readonly copyFrom?: string },
  ): Promise<ConsumerDescription & Declared>;
  describeConsumer(consumer: string): Promise<ConsumerDescription>;
  /** Stores one event or several, all or none, and so publishes them; safe to lose the answer of. */
  publish(topic: string, events: NewEvent | readonly NewEvent[], options?: PublishOptions): Promise<PublishedEvent[]>;
  /** Events of a topic as they come, without gap or repetition, across disconnects. */
  follow<Data = unknown>(topic: string, options?: FollowOptions): AsyncGenerator<ReceivedEvent<Data>, void, void>;
  /** Works as one member of a consumer until the signal aborts. */
  consume<Data = unknown>(consumer: string, handler: Handler<Data>, options?: ConsumeOptions): Promise<void>;
  /** Reads what a consumer keeps. */
  state(consumer: string): ConsumerState;
  /** Whether a consumer is done with an event: handled, or passed over by its filter; neither parked nor skipped. */
  isProcessed(consumer: string, topic: string, offset: number): Promise<boolean>;
  /** Waits until a consumer is done with an event, to read what it wrote; false when the time ran out first. */
  waitFor(consumer: string, topic: string, offset: number, options?: WaitOptions): Promise<boolean>;
  /** Rebuilds an aggregate from the events of its key; `GapError` when retention has taken some of them. */
  load<State, Data = unknown>(
    topic: string,
    key: string,
    reducer: (state: State, event: CloudEvent<Data>) => State,
    initial: State,
    options?: LoadOptions,
  ): Promise<Loaded<State>>;
  /** Publishes events of one key; with `expect` only if nobody else did since `load`, else `ConflictError`. */
  append(
    topic: string,
    key: string,
    events: readonly Omit<NewEvent, "key">[],
    options?: AppendOptions,
  ): Promise<{ readonly events: PublishedEvent[]; readonly version: number }>;
}

export function createClient(options: TransportOptions): Client {
  const transport = new Transport(options);
  const put = async <Result>(at: string, declaration: unknown): Promise<Result> =>
    JSON.parse(await transport.ask(at, { method: "PUT", body: JSON.stringify(declaration) })) as Result;
  return {
    declareTopic: (topic, declaration = {}) => put(path("topics", topic), declaration),
    declareConsumer: (consumer, declaration) => put(path("consumers", consumer), declaration),
    describeConsumer: async (consumer) => JSON.parse(await transport.ask(path("consumers", consumer))),
    publish: (topic, events, publishOptions = {}) =>
      publishEvents(transport, topic, {
        events: Array.isArray(events) ? events : [events as NewEvent],
        options: publishOptions,
      }),
    follow: (topic, followOptions = {}) => followTopic(transport, topic, followOptions),
    consume: (consumer, handler, consumeOptions = {}) =>
      consumeEvents(transport, consumer, { handler: handler as Handler, options: consumeOptions }),
    state: (consumer) => new ConsumerState(transport, consumer),
    isProcessed: (consumer, topic, offset) => isProcessed(transport, { consumer, topic, offset }),
    waitFor: (consumer, topic, offset, waitOptions = {}) =>
      awaitProcessed(transport, { consumer, topic, offset }, waitOptions),
    load: (topic, key, reducer, initial, loadOptions = {}) =>
      loadAggregate(transport, { topic, key, reducer, initial }, loadOptions),
    append: (topic, key, events, appendOptions = {}) =>
      appendEvents(transport, { topic, key }, { events, options: appendOptions }),
  };
}
