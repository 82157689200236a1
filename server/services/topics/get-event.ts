import { DomainError } from "../../domain/errors.ts";
import { asRefusal } from "../../engine/database-unavailable.ts";
import type { TopicDirectory } from "../../engine/topics/directory.ts";
import type { Database } from "../../store/database.ts";
import { readEventRows } from "../../store/topics/event-rows.ts";
import type { Services } from "../services.ts";

export interface GetEventDeps {
  readonly database: Database;
  readonly topics: TopicDirectory;
}

export function getEvent({ database, topics }: GetEventDeps): Services["getEvent"] {
  return async ({ topic, offset }) => {
    const { id: topicId } = await topics.find(topic);
    const range = {
      topicId,
      order: "asc",
      after: offset - 1,
      until: offset,
      filter: {},
      maxEvents: 1,
      maxBytes: 1,
    } as const;
    try {
      const { rows } = await readEventRows(database.pool, topic, range);
      const [event] = rows;
      if (event === undefined) throw new DomainError("event-not-found", `${topic} holds no event at offset ${offset}`);
      return event;
    } catch (error) {
      throw asRefusal(error);
    }
  };
}
