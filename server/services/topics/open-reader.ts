import { type TopicDirectory, withTopic } from "../../engine/topics/directory.ts";
import type { TopicReader, TopicReaders } from "../../engine/topics/log.ts";
import type { Database } from "../../store/database.ts";
import { tellRemoved } from "../bin/tell-removed.ts";

interface Deps {
  readonly database: Database;
  readonly topics: TopicDirectory;
  readonly topicReaders: Pick<TopicReaders, "open">;
}

/** Joins the reader of a topic by its name, for somebody who follows it; throws `topic-not-found`. */
export const openReader =
  ({ database, topics, topicReaders }: Deps) =>
  (topic: string): Promise<TopicReader> =>
    withTopic(topics, topic, (found) => topicReaders.open(found, { isFollower: true })).catch(
      async (error: unknown) => {
        throw await tellRemoved(database.pool, error, { topic });
      },
    );
