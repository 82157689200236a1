import { DomainError, invalidField } from "../domain/errors.ts";
import { isProcessed as isProcessedBy } from "../domain/processed.ts";
import { asRefusal } from "../engine/database-unavailable.ts";
import type { Database } from "../store/database.ts";
import { selectProcessed } from "../store/processed-select.ts";
import type { Services } from "./services.ts";

export const isProcessed =
  ({ database }: { readonly database: Database }): Services["isProcessed"] =>
  async (input) =>
    (await findProcessed(database, input)).processed;

/** Throws `consumer-not-found`, and `invalid-input` for a topic that is not the consumer's. */
export async function findProcessed(
  database: Database,
  input: { readonly consumer: string; readonly topic: string; readonly offset: number },
): Promise<{ consumerId: number; processed: boolean; position: number }> {
  try {
    const found = await selectProcessed(database.pool, input);
    if (found === null) throw new DomainError("consumer-not-found", `there is no consumer "${input.consumer}"`);
    if (found.facts === null) throw invalidField("topic", `is not a topic of consumer "${input.consumer}"`);
    return { consumerId: found.consumerId, position: found.position, processed: isProcessedBy(found.facts) };
  } catch (error) {
    throw asRefusal(error);
  }
}
