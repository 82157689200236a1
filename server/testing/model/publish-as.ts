import type { Instance } from "../../engine/testing/consumer-rig.ts";
import { transaction } from "../../store/database.ts";

/** Publishes events of given keys and types the shortest way; offsets follow on. */
export async function publishAs(
  instance: Instance,
  topicId: number,
  events: readonly { readonly key: string | null; readonly type: string }[],
): Promise<void> {
  await transaction(instance.database.pool, async (db) => {
    await db.query(
      `WITH h AS (
         UPDATE topic_head SET head = head + cardinality($2::text[]), last_recorded_at = now() WHERE topic_id = $1
         RETURNING head - cardinality($2::text[]) AS base
       )
       INSERT INTO event (topic_id, "offset", recorded_at, id, type, key, data, attributes)
       SELECT $1, h.base + e.place, clock_timestamp(), 'e' || h.base + e.place, e.type, e.key, '{}', '{"source":"/"}'
       FROM h, unnest($2::text[], $3::text[]) WITH ORDINALITY AS e(key, type, place)`,
      [topicId, events.map((it) => it.key), events.map((it) => it.type)],
    );
  });
  instance.wakeups.announce(`topic:${topicId}`);
}
