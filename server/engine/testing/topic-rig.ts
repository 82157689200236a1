import type { AppendRequest } from "../../domain/append-plan.ts";
import type { NewEvent } from "../../domain/new-event.ts";
import { declareTopic } from "../../services/topics/declare-topic.ts";
import { type Database, openDatabase } from "../../store/database.ts";
import { type Appender, type AppenderOptions, createAppender } from "../topics/appender.ts";
import { createTopicDirectory, type TopicDirectory } from "../topics/directory.ts";
import type { TopicReader, TopicReaders } from "../topics/log.ts";
import { createTopicReaders, type TopicReadersOptions } from "../topics/readers.ts";
import { createWakeups, type Wakeups } from "../wakeups.ts";

/** Everything one instance of the server has for topics, on connections of its own. */
export interface TopicInstance {
  readonly database: Database;
  readonly wakeups: Wakeups;
  readonly readers: TopicReaders;
  readonly appender: Appender;
  readonly topics: TopicDirectory;
  declare(topic: string): Promise<{ id: number; name: string }>;
  close(): Promise<void>;
}

export interface InstanceOptions {
  readonly onError?: (error: Error) => void;
  readonly appender?: Partial<AppenderOptions>;
  readonly readers?: Partial<TopicReadersOptions>;
}

export function openInstance(url: string, options: InstanceOptions = {}): TopicInstance {
  const onError = options.onError ?? (() => {});
  const database = openDatabase({ url, maxConnections: 6, onError });
  const wakeups = createWakeups(database, { onError });
  const readers = createTopicReaders(database, { wakeups, onError, ...options.readers });
  const onCommitted = readers.handOver;
  const appender = createAppender(database, { wakeups, onCommitted, onError, ...options.appender });
  const topics = createTopicDirectory(database, { wakeups });
  const declare = declareTopic({ database, wakeups });
  return {
    database,
    wakeups,
    readers,
    appender,
    topics,
    async declare(topic) {
      await declare({ topic, declaration: {}, actor: { name: "system", requestId: "test" } });
      return topics.find(topic);
    },
    async close() {
      await appender.close();
      await readers.close();
      await wakeups.close();
      await database.close();
    },
  };
}

export function newEvent(event: Partial<NewEvent> = {}): NewEvent {
  const { source = "/" } = event;
  return {
    id: null,
    source,
    type: "t",
    key: null,
    data: "{}",
    dataBytes: null,
    attributes: JSON.stringify({ source }),
    ...event,
  };
}

export function appendRequest(events: readonly NewEvent[], expected?: Record<string, number>): AppendRequest<NewEvent> {
  return { events, expect: expected === undefined ? null : new Map(Object.entries(expected)) };
}

/** Resolves once the reader knows of the offset. */
export function untilHead(reader: TopicReader, offset: number): Promise<void> {
  return new Promise((resolve) => {
    const stop = reader.onAppend(check);
    function check(): void {
      if (reader.head < offset) return;
      stop();
      resolve();
    }
    check();
  });
}
