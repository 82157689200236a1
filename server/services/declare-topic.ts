import { asRefusal } from "../engine/database-unavailable.ts";
import type { Wakeups } from "../engine/wakeups.ts";
import { type Database, transaction } from "../store/database.ts";
import { writeTopicDeclaration } from "../store/topic-declaration.ts";
import { readTopicDescriptions } from "../store/topic-descriptions.ts";
import type { Services } from "./services.ts";

export interface DeclareTopicDeps {
  readonly database: Database;
  readonly wakeups: Pick<Wakeups, "announce">;
}

export function declareTopic({ database, wakeups }: DeclareTopicDeps): Services["declareTopic"] {
  return async (input) => {
    try {
      const declared = await transaction(database.pool, async (client) => {
        const { created, changed } = await writeTopicDeclaration(client, input);
        const [description] = await readTopicDescriptions(client, input.topic);
        if (description === undefined) throw new Error(`topic ${input.topic} has no head`);
        return { created, changed, description };
      });
      wakeups.announce("topics");
      return declared;
    } catch (error) {
      throw asRefusal(error);
    }
  };
}
