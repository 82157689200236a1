/** Everything an event's JSON is made of, most of it text that is spliced in as it stands. */
export interface EventParts {
  readonly topic: string;
  readonly offset: number;
  readonly id: string;
  readonly type: string;
  readonly key: string | null;
  /** RFC 3339 in UTC, ending in `Z`. */
  readonly recordedAt: string;
  /** JSON text, or null. */
  readonly data: string | null;
  /** Bytes as base64, or null. Never together with `data`. */
  readonly dataBase64: string | null;
  /** A JSON object text with at least one member and no white space at its start. */
  readonly attributes: string;
}

/**
 * The event as CloudEvents 1.0 JSON. Data and attributes are never parsed and rendered again, so every digit and escape
 * is the one that was sent. The store renders the same text in SQL; a test holds the two together, which is why the
 * zone is written `+00:00`: it is what PostgreSQL writes at no extra cost.
 */
export function renderEvent(event: EventParts): string {
  const key = event.key === null ? "" : `,"partitionkey":${JSON.stringify(event.key)}`;
  return `{"specversion":"1.0","id":${JSON.stringify(event.id)},"type":${JSON.stringify(event.type)}${key},"sequence":"${
    event.offset
  }","topic":"${event.topic}","recordedtime":"${event.recordedAt.slice(0, -1)}+00:00"${renderData(event)},${event.attributes.slice(1)}`;
}

function renderData(event: EventParts): string {
  if (event.data !== null) return `,"data":${event.data}`;
  return event.dataBase64 === null ? "" : `,"data_base64":"${event.dataBase64}"`;
}
