import { DomainError } from "../../domain/errors.ts";
import { asRefusal } from "../../engine/database-unavailable.ts";
import type { Database } from "../../store/database.ts";
import { readTopicDescriptions } from "../../store/topics/descriptions.ts";
import type { Services } from "../services.ts";

export function describeTopic({ database }: { readonly database: Database }): Services["describeTopic"] {
  return async ({ topic }) => {
    try {
      const [description] = await readTopicDescriptions(database.pool, topic);
      if (description === undefined) throw new DomainError("topic-not-found", `no topic is called ${topic}`);
      return description;
    } catch (error) {
      throw asRefusal(error);
    }
  };
}
