import { DomainError } from "../../domain/errors.ts";
import type { Database } from "../../store/database.ts";
import { readTopicHeads } from "../../store/topics/heads.ts";
import { asRefusal } from "../database-unavailable.ts";
import { createGate } from "../members/gate.ts";
import { TOPICS_CHANNEL } from "../partitions/consumer-channels.ts";
import type { Wakeups } from "../wakeups.ts";
import type { TopicReader, TopicReaders } from "./log.ts";
import { SharedTopicReader } from "./reader.ts";

export interface TopicReadersOptions {
  readonly wakeups: Pick<Wakeups, "listen">;
  readonly onError: (error: Error) => void;
  /** Newest events kept per open topic. */
  readonly ringBytes?: number;
  /** How late an event may come whose wake-up was lost. */
  readonly pollMs?: number;
  /** Reads of the past that may run at once, for all topics together. */
  readonly maxDatabaseReads?: number;
}

interface OpenTopic {
  readonly reader: Promise<SharedTopicReader>;
  users: number;
  followers: number;
  shared: SharedTopicReader | null;
  unlisten: () => void;
}

export function createTopicReaders(database: Database, options: TopicReadersOptions): TopicReaders {
  const gate = createGate(options.maxDatabaseReads ?? 4);
  const deps = { database, gate, onError: options.onError, ringBytes: options.ringBytes ?? 8 * 1024 * 1024 };
  const topics = new Map<number, OpenTopic>();
  let polling: Promise<void> | null = null;
  let isClosed = false;

  async function poll(): Promise<void> {
    const open = [...topics].filter(([, { shared }]) => shared !== null);
    if (open.length === 0) return;
    try {
      const ids = open.map(([id]) => id);
      const seen = new Map((await readTopicHeads(database.pool, ids)).map((it) => [it.topicId, it]));
      for (const [id, topic] of open) {
        const head = seen.get(id);
        if (head !== undefined) topic.shared?.notice(head);
        else remove(id, topic);
      }
    } catch (error) {
      options.onError(error as Error);
    }
  }

  const timer = setInterval(() => {
    polling ??= poll().finally(() => {
      polling = null;
    });
  }, options.pollMs ?? 1_000);
  timer.unref();
  // A topic that was removed is found so at once, and not by the next poll.
  const unlistenTopics = options.wakeups.listen(TOPICS_CHANNEL, () => void poll());

  /** Who follows it is told. A topic that is restored later, maybe under another name, is opened anew. */
  function remove(topicId: number, topic: OpenTopic): void {
    if (topics.get(topicId) === topic) topics.delete(topicId);
    topic.unlisten();
    topic.shared?.endRemoved();
  }

  function join(topic: { readonly id: number; readonly name: string }): OpenTopic {
    const existing = topics.get(topic.id);
    if (existing !== undefined) return existing;
    const joined: OpenTopic = { reader: start(topic), users: 0, followers: 0, shared: null, unlisten: () => {} };
    topics.set(topic.id, joined);
    return joined;
  }

  async function start(topic: { readonly id: number; readonly name: string }): Promise<SharedTopicReader> {
    const [head] = await readTopicHeads(database.pool, [topic.id]);
    if (head === undefined) throw noSuchTopic(topic.name);
    return new SharedTopicReader(topic, head, deps);
  }

  function leave(topicId: number, topic: OpenTopic): void {
    topic.users -= 1;
    if (topic.users > 0) return;
    if (topics.get(topicId) === topic) topics.delete(topicId);
    topic.unlisten();
    topic.shared?.close();
  }

  return {
    async open(topic, { isFollower = false } = {}) {
      if (isClosed) throw new DomainError("shutting-down", "the server is stopping");
      const joined = join(topic);
      joined.users += 1;
      if (isFollower) joined.followers += 1;
      const letGo = (): void => {
        if (isFollower) joined.followers -= 1;
        leave(topic.id, joined);
      };
      try {
        const shared = await joined.reader;
        if (joined.shared === null) {
          joined.shared = shared;
          // Whatever was committed between the first read of the head and now was handed over to nobody.
          shared.refresh();
          // Appends of this process are handed over, so only what came from elsewhere is worth a look.
          joined.unlisten = options.wakeups.listen(`topic:${topic.id}`, (origin) => {
            if (origin === "elsewhere") shared.refresh();
          });
        }
        if (shared.isRemoved) throw noSuchTopic(topic.name);
        return handle(shared, letGo);
      } catch (error) {
        letGo();
        throw asRefusal(error);
      }
    },
    followers: (topicId) => topics.get(topicId)?.followers ?? 0,
    handOver(batch) {
      topics.get(batch.topicId)?.shared?.handOver(batch);
    },
    async close() {
      isClosed = true;
      clearInterval(timer);
      unlistenTopics();
      await polling;
      for (const { shared, unlisten } of topics.values()) {
        unlisten();
        shared?.close();
      }
      topics.clear();
    },
  };
}

function noSuchTopic(name: string): DomainError {
  return new DomainError("topic-not-found", `no topic is called ${name}`);
}

function handle(shared: SharedTopicReader, leave: () => void): TopicReader {
  const stops = new Set<() => void>();
  let isReleased = false;
  return {
    topicId: shared.topic.id,
    topic: shared.topic.name,
    get head() {
      return shared.head;
    },
    get firstAvailable() {
      return shared.tail;
    },
    get isRemoved() {
      return shared.isRemoved;
    },
    readAfter: (after, options) => shared.readAfter(after, options),
    readAfterNow: (after, options) => shared.readAfterNow(after, options),
    framesAfter: (after, options) => shared.framesAfter(after, options),
    framesAfterNow: (after, options) => shared.framesAfterNow(after, options),
    onAppend(listener) {
      const stop = shared.listen(listener);
      stops.add(stop);
      return () => {
        stops.delete(stop);
        stop();
      };
    },
    release() {
      if (isReleased) return;
      isReleased = true;
      for (const stop of stops) stop();
      leave();
    },
  };
}
