import { asRefusal } from "../../engine/database-unavailable.ts";
import type { TopicDirectory } from "../../engine/topics/directory.ts";
import type { Database } from "../../store/database.ts";
import { readOffsetBefore } from "../../store/topics/event-offset-before.ts";
import type { Services } from "../services.ts";

export interface OffsetBeforeDeps {
  readonly database: Database;
  readonly topics: TopicDirectory;
}

export function offsetBefore({ database, topics }: OffsetBeforeDeps): Services["offsetBefore"] {
  return async ({ topic, time }) => {
    const { id } = await topics.find(topic);
    try {
      return await readOffsetBefore(database.pool, id, time);
    } catch (error) {
      throw asRefusal(error);
    }
  };
}
