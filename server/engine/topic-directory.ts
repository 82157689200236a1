import { DomainError } from "../domain/errors.ts";
import type { Database } from "../store/database.ts";
import { findTopic, type TopicRef } from "../store/topic-by-name.ts";
import { asRefusal } from "./database-unavailable.ts";

/** Finds topics by name without asking the database twice: a topic is never deleted and never renamed. */
export interface TopicDirectory {
  /** Fails with `topic-not-found`, or `database-unavailable`. */
  find(name: string): Promise<TopicRef>;
  /** The same without a promise; null when the topic has not been met yet. */
  findNow(name: string): TopicRef | null;
}

const MAX_TOPICS = 100_000;

export function createTopicDirectory(database: Database): TopicDirectory {
  const topics = new Map<string, TopicRef>();
  const lookups = new Map<string, Promise<TopicRef | null>>();

  async function lookUp(name: string): Promise<TopicRef | null> {
    const topic = await findTopic(database.pool, name);
    if (topic !== null) {
      if (topics.size >= MAX_TOPICS) topics.clear();
      topics.set(name, topic);
    }
    return topic;
  }

  return {
    findNow: (name) => topics.get(name) ?? null,
    async find(name) {
      const known = topics.get(name);
      if (known !== undefined) return known;
      let lookup = lookups.get(name);
      if (lookup === undefined) {
        // An absent topic is not remembered: somebody may be declaring it at this moment, on any instance.
        lookup = lookUp(name).finally(() => lookups.delete(name));
        lookups.set(name, lookup);
      }
      try {
        const topic = await lookup;
        if (topic !== null) return topic;
      } catch (error) {
        throw asRefusal(error);
      }
      throw new DomainError("topic-not-found", `no topic is called ${name}`);
    },
  };
}
