import { pastClassOf } from "../../domain/account-class.ts";
import { DomainError, invalidField } from "../../domain/errors.ts";
import { isPassed, type ProcessedFacts } from "../../domain/processed.ts";
import { asRefusal } from "../../engine/database-unavailable.ts";
import type { Database } from "../../store/database.ts";
import { selectAccountFacts } from "../../store/insight/account-facts-select.ts";
import { selectHandledAt } from "../../store/insight/handled-before-select.ts";
import { type Processed, selectProcessed } from "../../store/insight/processed-select.ts";
import type { Services } from "../services.ts";

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
    const { consumerId, position, facts } = found;
    return { consumerId, position, processed: isPassed(facts) && !(await isSkipped(database, { ...found, facts })) };
  } catch (error) {
    throw asRefusal(error);
  }
}

/** Whether a position change went past the event or cleared it, and nobody has handled it since. */
async function isSkipped(
  { pool }: Database,
  { consumerId, topicId, filter, event, facts: { partitions, offset } }: Processed & { readonly facts: ProcessedFacts },
): Promise<boolean> {
  // Of what is gone it is not known whose it was.
  if (event === null) return false;
  const handled = await selectHandledAt(pool, { consumerId, topicId, partitions, offset });
  if (handled.has(event)) return false;
  const [account] = await selectAccountFacts(pool, { consumerId, partitions, topicIds: [topicId] });
  if (account === undefined) return false;
  const became = pastClassOf({ history: account.history, handled, filter }, event);
  return typeof became !== "string" || became === "open";
}
