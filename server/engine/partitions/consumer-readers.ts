import { DomainError } from "../../domain/errors.ts";
import type { SubscribedTopic } from "../../store/consumers/setup-select.ts";
import type { TopicReader, TopicReaders } from "../topics/log.ts";

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
        const known = before.get(topicId);
        const isOpen = known !== undefined && !known.isRemoved;
        const reader = isOpen ? known : await this.#open({ id: topicId, name: topic });
        if (reader !== null) readers.set(topicId, reader);
      }
    } catch (error) {
      for (const [topicId, reader] of readers) if (before.get(topicId) !== reader) reader.release();
      throw error;
    }
    if (this.#isReleased) {
      // The consumer was closed meanwhile, and has given back what it had.
      for (const [topicId, reader] of readers) if (before.get(topicId) !== reader) reader.release();
      return;
    }
    for (const stop of this.#unfollow) stop();
    for (const [topicId, reader] of before) if (readers.get(topicId) !== reader) reader.release();
    this.#readers = readers;
    this.#unfollow = [...readers.values()].map((reader) => reader.onAppend(this.onAppend));
  }

  /** Null: the topic was removed since the declaration was read, and the next one will not have it. */
  async #open(topic: { readonly id: number; readonly name: string }): Promise<TopicReader | null> {
    try {
      return await this.topicReaders.open(topic);
    } catch (error) {
      if (error instanceof DomainError && error.code === "topic-not-found") return null;
      throw error;
    }
  }

  release(): void {
    this.#isReleased = true;
    for (const stop of this.#unfollow) stop();
    for (const reader of this.#readers.values()) reader.release();
    this.#unfollow = [];
    this.#readers = new Map();
  }
}
