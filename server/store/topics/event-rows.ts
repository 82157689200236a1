import type { EventRow } from "../../contract/events.ts";
import { renderEvent } from "../../domain/event-json.ts";
import { askedRows } from "../asked-rows.ts";
import type { Queryable } from "../database.ts";
import { base64 } from "./event-append.ts";
import { type EventRange, eventSource } from "./event-source.ts";

export interface EventRows {
  readonly rows: readonly EventRow[];
  /** Every event of the range was looked at; false when a bound stopped it after the last row. */
  readonly isComplete: boolean;
}

type Stored = [
  offset: number,
  recordedAt: string,
  id: string,
  type: string,
  key: string | null,
  data: string | null,
  dataBytes: Uint8Array | null,
  attributes: string,
  total: number,
];

/** The events of a range that pass its filter, in its order. */
export async function readEventRows(db: Queryable, topic: string, range: EventRange): Promise<EventRows> {
  const source = eventSource(range);
  const result = await db.query({
    name: `read_event_rows_${source.shape}`,
    text: `SELECT "offset", recorded_at, id, type, key, data::text, data_bytes, attributes::text, total FROM ${source.sql}`,
    values: [...source.values],
    rowMode: "array",
  });
  const stored = result.rows as Stored[];
  const total = stored[0]?.[8] ?? 0;
  return {
    rows: stored.map((row) => toRow(topic, row)),
    isComplete: total < range.maxEvents && stored.length === total,
  };
}

/** Single events of a topic, by offset; those that are gone are missing. */
export async function readEventsAt(
  db: Queryable,
  topic: { readonly topicId: number; readonly topic: string },
  offsets: readonly number[],
): Promise<EventRow[]> {
  const { rows } = await db.query({
    name: "read_events_at",
    text: `
      SELECT "offset", recorded_at, id, type, key, data::text, data_bytes, attributes::text, 0
      FROM ${askedRows("topic_id", "$2::bigint[]", '"offset"')} a JOIN event e USING (topic_id, "offset")
      ORDER BY "offset"`,
    values: [topic.topicId, offsets],
    rowMode: "array",
  });
  return (rows as Stored[]).map((row) => toRow(topic.topic, row));
}

function toRow(topic: string, [offset, recordedAt, id, type, key, data, dataBytes, attributes]: Stored): EventRow {
  const dataBase64 = dataBytes === null ? null : base64(dataBytes);
  const json = renderEvent({ topic, offset, id, type, key, recordedAt, data, dataBase64, attributes });
  return { offset, id, type, key, recordedAt, json };
}
