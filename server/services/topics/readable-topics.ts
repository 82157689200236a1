import { DomainError } from "../../domain/errors.ts";
import { requireReadable } from "../../domain/readable-topics.ts";
import { selectConsumerTopicNames } from "../../store/consumers/topic-names.ts";
import type { Database } from "../../store/database.ts";
import type { Services } from "../services.ts";

export const consumerTopics =
  ({ database }: { readonly database: Database }): Services["consumerTopics"] =>
  async ({ consumer }) => {
    const topics = await selectConsumerTopicNames(database.pool, consumer);
    if (topics === null) throw new DomainError("consumer-not-found", `there is no consumer "${consumer}"`);
    return topics;
  };

/** Asked wherever a consumer's events, or words about them, leave through the consumer. */
export const requireReadableTopics =
  (deps: { readonly database: Database }): Services["requireReadableTopics"] =>
  async ({ consumer, topics, may }) =>
    // Topics that are named are not looked up: a refusal does not tell whether one exists.
    requireReadable(may, topics ?? (await consumerTopics(deps)({ consumer })));
