import { DomainError } from "../../domain/errors.ts";
import type { Database } from "../../store/database.ts";
import { findTopic, type TopicRef } from "../../store/topics/by-name.ts";
import { asRefusal } from "../database-unavailable.ts";
import { TOPICS_CHANNEL } from "../partitions/consumer-channels.ts";
import type { Wakeups } from "../wakeups.ts";

/**
 * Finds topics by name, seldom asking the database twice. A topic may be removed and its name given to another: who acts on
 * what is found here has to find out (the append and the readers do, for a removed topic has no head), and `forget`s it.
 */
export interface TopicDirectory {
  /** Fails with `topic-not-found`, or `database-unavailable`. At most some seconds old. */
  find(name: string): Promise<TopicRef>;
  /** The same without a promise; null when the topic has not been met lately. */
  findNow(name: string): TopicRef | null;
  /** Looks up the name anew when it is asked for again. */
  forget(name: string): void;
}

const MAX_TOPICS = 100_000;
const FRESH_MS = 5_000;

export function createTopicDirectory(
  database: Database,
  {
    wakeups,
    now = () => performance.now(),
  }: { readonly wakeups?: Pick<Wakeups, "listen">; readonly now?: () => number } = {},
): TopicDirectory {
  const topics = new Map<string, { readonly topic: TopicRef; readonly readAt: number }>();
  // What was read before something was forgotten is not kept.
  let generation = 0;
  const lookups = new Map<string, Promise<TopicRef | null>>();

  async function lookUp(name: string): Promise<TopicRef | null> {
    const readAt = now();
    const readIn = generation;
    const topic = await findTopic(database.pool, name);
    if (topic === null) topics.delete(name);
    else if (readIn === generation) {
      if (topics.size >= MAX_TOPICS) topics.clear();
      topics.set(name, { topic, readAt });
    }
    return topic;
  }

  function fresh(name: string): TopicRef | null {
    const known = topics.get(name);
    return known !== undefined && now() - known.readAt < FRESH_MS ? known.topic : null;
  }

  function forgetAll(): void {
    generation += 1;
    topics.clear();
    lookups.clear();
  }
  wakeups?.listen(TOPICS_CHANNEL, forgetAll);

  return {
    findNow: fresh,
    forget(name) {
      generation += 1;
      topics.delete(name);
      lookups.delete(name);
    },
    async find(name) {
      const known = fresh(name);
      if (known !== null) return known;
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

/** Does something with a topic; once more when it was removed, and its name means another one by now. */
export async function withTopic<Result>(
  topics: TopicDirectory,
  name: string,
  act: (topic: TopicRef) => Promise<Result>,
): Promise<Result> {
  const topic = topics.findNow(name) ?? (await topics.find(name));
  try {
    return await act(topic);
  } catch (error) {
    if (!(error instanceof DomainError && error.code === "topic-not-found")) throw error;
    topics.forget(name);
    const other = await topics.find(name);
    if (other.id === topic.id) throw error;
    return act(other);
  }
}
