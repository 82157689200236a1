import type { Retention, TopicDescription } from "../../contract/topics.ts";
import { type RetentionExcess, retentionExcess } from "../../domain/retention-excess.ts";
import type { Queryable } from "../database.ts";
import { selectRetentionHolders } from "./retention-holders-select.ts";

type Row = Omit<TopicDescription, "retention" | "heldUp"> & {
  readonly id: number;
  readonly retention: Retention | null;
  readonly oldestMs: number | null;
};

/** One topic as the API describes it, or all of them in order of their names. */
export async function readTopicDescriptions(db: Queryable, name: string | null): Promise<TopicDescription[]> {
  const { rows } = await db.query<Row>({
    name: "read_topic_descriptions",
    text: `SELECT t.id, t.name AS topic, t.description, t.retention, t.created_at AS "createdAt", h.head, h.tail, h.bytes,
                  e.recorded_at AS "firstRecordedAt", h.last_recorded_at AS "lastRecordedAt",
                  (extract(epoch FROM clock_timestamp() - e.recorded_at) * 1000)::float8 AS "oldestMs"
             FROM topic t JOIN topic_head h ON h.topic_id = t.id
             LEFT JOIN event e ON e.topic_id = t.id AND e."offset" = h.tail
            WHERE $1::text IS NULL OR t.name = $1
            ORDER BY t.name`,
    values: [name],
  });
  const heldUp = await heldUpOf(db, rows);
  return rows.map(({ id, retention, oldestMs: _, ...row }) => ({
    ...row,
    retention: retention === null ? null : described(retention),
    heldUp: heldUp.get(id) ?? null,
  }));
}

/** Of topics that are past a bound, whom they wait for: retention that has merely not run yet waits for nobody. */
async function heldUpOf(db: Queryable, rows: readonly Row[]): Promise<Map<number, TopicDescription["heldUp"]>> {
  const past = new Map<number, Row & { readonly over: RetentionExcess }>();
  for (const row of rows) {
    const { retention, head, tail, bytes, oldestMs } = row;
    const over = retentionExcess(retention, { events: head - tail + 1, bytes, oldestMs: oldestMs ?? 0 });
    if (over !== null) past.set(row.id, { ...row, over });
  }
  if (past.size === 0) return new Map();
  const topics = [...past.values()].map(({ id, tail }) => ({ topicId: id, tail }));
  const holders = await selectRetentionHolders(db, topics);
  return new Map(
    holders.flatMap(({ topicId, ...held }) => {
      const over = past.get(topicId)?.over;
      return over === undefined ? [] : [[topicId, { over, ...held }] as const];
    }),
  );
}

function described({ maxAgeMs, maxEvents, maxBytes, force }: Retention): TopicDescription["retention"] {
  return {
    maxAgeMs: maxAgeMs ?? null,
    maxEvents: maxEvents ?? null,
    maxBytes: maxBytes ?? null,
    force: force ?? false,
  };
}
