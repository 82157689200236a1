import type { Ordering } from "../../domain/sequence.ts";
import type { Queryable } from "../database.ts";
import type { SequenceName } from "./sequences-mend.ts";

/** The name of a parked event's sequence, by the rule of `domain/sequence.ts`. */
export const sequenceNameSql = (ordering: string, partitions: string): string =>
  `CASE WHEN ${ordering}::text = 'topic' THEN 'p' || hash % ${partitions} WHEN key IS NULL THEN 'o' || "offset" ELSE 'k' || key END`;

const NAME = sequenceNameSql("$2", "$3::bigint");

/**
 * Names the sequences of all parked events anew, because the order, or the number of partitions, is another one now. The
 * leases must be locked. Returns the sequences that got events, to be mended.
 */
export async function nameSequences(
  db: Queryable,
  of: { readonly consumerId: number; readonly ordering: Ordering; readonly partitions: number },
): Promise<SequenceName[]> {
  const { rows } = await db.query<{ topicId: number; sequence: string }>({
    name: "name_sequences",
    text: `
      WITH named AS (
        UPDATE parked_event SET sequence = ${NAME}
        WHERE consumer_id = $1 AND sequence <> ${NAME}
        RETURNING topic_id, sequence
      )
      SELECT DISTINCT topic_id AS "topicId", sequence FROM named`,
    values: [of.consumerId, of.ordering, of.partitions],
  });
  return rows;
}
