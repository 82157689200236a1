import { createHash } from "node:crypto";
import type { KnownEvent, LogState } from "../../domain/append-plan.ts";
import { eventName } from "../../domain/event-name.ts";
import type { NewEvent } from "../../domain/new-event.ts";
import { askedRows } from "../asked-rows.ts";
import type { Queryable } from "../database.ts";
import { FORGOTTEN_KEYS } from "./purged-keys.ts";

/** Locks the topic against every other append until the transaction ends. Null when there is no such topic. */
export async function lockTopicHead(db: Queryable, topicId: number): Promise<number | null> {
  const { rows } = await db.query({
    name: "lock_topic_head",
    text: "SELECT head FROM topic_head WHERE topic_id = $1 FOR UPDATE",
    values: [topicId],
    rowMode: "array",
  });
  return (rows[0]?.[0] as number | undefined) ?? null;
}

// The digest of `dataDigest`, made where the data is: what the topic holds may be a megabyte an event.
const DIGEST = `CASE
  WHEN e.data IS NOT NULL THEN 'json ' || encode(sha256(convert_to(e.data::text, 'UTF8')), 'hex')
  WHEN e.data_bytes IS NOT NULL THEN 'bytes ' || encode(sha256(e.data_bytes), 'hex')
  ELSE 'none' END`;

/** Equal for equal data alone. */
export function dataDigest({ data, dataBytes }: Pick<NewEvent, "data" | "dataBytes">): string {
  const hex = (value: string | Uint8Array) => createHash("sha256").update(value).digest("hex");
  if (data !== null) return `json ${hex(data)}`;
  return dataBytes === null ? "none" : `bytes ${hex(dataBytes)}`;
}

export interface AskedNames {
  readonly names: readonly { readonly id: string; readonly source: string }[];
  readonly keys: readonly string[];
}

type Found = ["name" | "key" | "purged", string, number, string | null, string | null, string | null, string | null];

/**
 * What a plan needs to know. A statement of its own after the lock: one that both waits for the lock and looks would
 * look with the snapshot from before the wait, and miss what the other instance just appended.
 */
export async function lookUp(
  db: Queryable,
  topicId: number,
  { names, keys }: AskedNames,
): Promise<Omit<LogState, "head">> {
  const { rows } = await db.query({
    name: "look_up_names_and_keys",
    text: `SELECT 'name', e.id, e."offset", i.source, e.type, e.key, ${DIGEST}
             FROM ${askedRows("topic_id", "$2::text[], $3::text[]", "id, source")} i JOIN event e USING (topic_id, id)
            WHERE (e.attributes ->> 'source') COLLATE "C" = i.source
           UNION ALL
           SELECT 'key', k.key, last."offset", NULL, NULL, NULL, NULL
             FROM ${askedRows("topic_id", "$4::text[]", "key")} k, LATERAL (
               SELECT "offset" FROM event WHERE topic_id = k.topic_id AND key = k.key ORDER BY "offset" DESC LIMIT 1
             ) AS last
           UNION ALL
           SELECT 'purged', p.key, p.last_offset, NULL, NULL, NULL, NULL
             FROM ${askedRows("topic_id", "$4::text[]", "key")} k JOIN purged_key p USING (topic_id, key)`,
    values: [
      topicId,
      names.map((it) => it.id),
      names.map((it) => it.source),
      keys.length === 0 ? keys : [...keys, FORGOTTEN_KEYS],
    ],
    rowMode: "array",
  });
  const known = new Map<string, KnownEvent>();
  const lastOffsets = new Map<string, number>();
  let forgottenThrough = 0;
  for (const [kind, name, offset, source, type, key, digest] of rows as Found[]) {
    if (kind === "name")
      known.set(eventName(name, source ?? ""), { offset, type: type ?? "", key, digest: digest ?? "" });
    else if (name === FORGOTTEN_KEYS) forgottenThrough = offset;
    else lastOffsets.set(name, Math.max(offset, lastOffsets.get(name) ?? 0));
  }
  return { known, lastOffsets, forgottenThrough };
}
