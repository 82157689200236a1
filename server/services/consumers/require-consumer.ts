import { DomainError } from "../../domain/errors.ts";
import { type ConsumerSetup, selectConsumerSetup } from "../../store/consumers/setup-select.ts";
import type { Queryable } from "../../store/database.ts";

/** A consumer by name; throws `consumer-not-found`. */
export async function requireConsumer(db: Queryable, consumer: string): Promise<ConsumerSetup> {
  const setup = await selectConsumerSetup(db, { consumer });
  if (setup === null) throw new DomainError("consumer-not-found", `there is no consumer "${consumer}"`);
  return setup;
}
