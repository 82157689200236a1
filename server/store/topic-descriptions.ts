import type { Retention, TopicDescription } from "../contract/topics.ts";
import type { Queryable } from "./database.ts";

/** One topic as the API describes it, or all of them in order of their names. */
export async function readTopicDescriptions(db: Queryable, name: string | null): Promise<TopicDescription[]> {
  const { rows } = await db.query({
    name: "read_topic_descriptions",
    text: `SELECT t.name AS topic, t.description, t.retention, t.created_at AS "createdAt", h.head, h.tail, h.bytes,
                  (SELECT e.recorded_at FROM event e WHERE e.topic_id = t.id AND e."offset" = h.tail) AS "firstRecordedAt",
                  h.last_recorded_at AS "lastRecordedAt"
             FROM topic t JOIN topic_head h ON h.topic_id = t.id
            WHERE $1::text IS NULL OR t.name = $1
            ORDER BY t.name`,
    values: [name],
  });
  return (rows as (Omit<TopicDescription, "retention"> & { retention: Retention | null })[]).map((row) => ({
    ...row,
    retention: row.retention === null ? null : described(row.retention),
  }));
}

function described({ maxAgeMs, maxEvents, maxBytes, force }: Retention): TopicDescription["retention"] {
  return {
    maxAgeMs: maxAgeMs ?? null,
    maxEvents: maxEvents ?? null,
    maxBytes: maxBytes ?? null,
    force: force ?? false,
  };
}
