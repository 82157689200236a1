import type { SubscribedTopic } from "../store/consumer-setup-select.ts";
import type { TopicReader, TopicReaders } from "./topic-log.ts";

/** The readers of one consumer's topics, shared by all its members here. */
export class ConsumerReaders {
  #readers = new Map<number, TopicReader>();
  #unfollow: (() => void)[] = [];
  #isReleased = false;

  constructor(
    readonly topicReaders: Pick<TopicReaders, "open">,
    readonly onAppend: () => void,
  ) {}

  get byTopic(): ReadonlyMap<number, TopicReader> {
    return this.#readers;
  }

  /** Opens what is new and gives back what is no longer read. */
  async follow(topics: readonly SubscribedTopic[]): Promise<void> {
    const before = this.#readers;
    const readers = new Map<number, TopicReader>();
    try {
      for (const { topicId, topic } of topics) {
        const reader = before.get(topicId) ?? (await this.topicReaders.open({ id: topicId, name: topic }));
        readers.set(topicId, reader);
      }
    } catch (error) {
      for (const [topicId, reader] of readers) if (!before.has(topicId)) reader.release();
      throw error;
    }
    if (this.#isReleased) {
      // The consumer was closed meanwhile, and has given back what it had.
      for (const [topicId, reader] of readers) if (!before.has(topicId)) reader.release();
      return;
    }
    for (const stop of this.#unfollow) stop();
    for (const [topicId, reader] of before) if (!readers.has(topicId)) reader.release();
    this.#readers = readers;
    this.#unfollow = [...readers.values()].map((reader) => reader.onAppend(this.onAppend));
  }

  release(): void {
    this.#isReleased = true;
    for (const stop of this.#unfollow) stop();
    for (const reader of this.#readers.values()) reader.release();
    this.#unfollow = [];
    this.#readers = new Map();
  }
}
