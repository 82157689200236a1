import { asRefusal } from "../../engine/database-unavailable.ts";
import { TOPICS_CHANNEL } from "../../engine/partitions/consumer-channels.ts";
import type { Wakeups } from "../../engine/wakeups.ts";
import type { Database } from "../../store/database.ts";
import { writeTopicDeclaration } from "../../store/topics/declaration.ts";
import { readTopicDescriptions } from "../../store/topics/descriptions.ts";
import type { Services } from "../services.ts";

export interface DeclareTopicDeps {
  readonly database: Database;
  readonly wakeups: Pick<Wakeups, "announce">;
}

export function declareTopic({ database, wakeups }: DeclareTopicDeps): Services["declareTopic"] {
  return async (input) => {
    try {
      const { created, changed } = await database.prisma.$transaction((db) => writeTopicDeclaration(db, input));
      wakeups.announce(TOPICS_CHANNEL);
      const [description] = await readTopicDescriptions(database.pool, input.topic);
      if (description === undefined) throw new Error(`topic ${input.topic} has no head`);
      return { created, changed, description };
    } catch (error) {
      throw asRefusal(error);
    }
  };
}
