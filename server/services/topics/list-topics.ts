import { asRefusal } from "../../engine/database-unavailable.ts";
import type { Database } from "../../store/database.ts";
import { readTopicDescriptions } from "../../store/topics/descriptions.ts";
import type { Services } from "../services.ts";

export function listTopics({ database }: { readonly database: Database }): Services["listTopics"] {
  return async () => {
    try {
      return await readTopicDescriptions(database.pool, null);
    } catch (error) {
      throw asRefusal(error);
    }
  };
}
