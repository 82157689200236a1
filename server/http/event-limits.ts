import { LIMITS } from "../contract/limits.ts";
import { DomainError, invalidField } from "../domain/errors.ts";
import type { NewEvent } from "../domain/new-event.ts";

/** The largest event, and the deepest nesting of its data. */
export interface EventLimits {
  /** Data and attributes together. */
  readonly maxEventBytes: number;
}

export interface MeasuredEvent {
  readonly event: NewEvent;
  readonly dataDepth: number;
  /** The event's name in the request: `events[3]`, or nothing for a single one. */
  readonly at: string;
}

// An entry of the index that keeps names unique has room for so many bytes.
const MAX_NAME_BYTES = 2_560;

function requireNameFits(id: string, source: string, at: string): void {
  if (Buffer.byteLength(id) + Buffer.byteLength(source) <= MAX_NAME_BYTES) return;
  throw invalidField(
    at === "" ? "source" : `${at}.source`,
    `must be at most ${MAX_NAME_BYTES} bytes together with the id`,
  );
}

/** Throws `payload-too-large` or `invalid-input`. */
export function requireFits({ event, dataDepth, at }: MeasuredEvent, { maxEventBytes }: EventLimits): void {
  if (dataDepth > LIMITS.maxJsonDepth) {
    throw invalidField(at === "" ? "data" : `${at}.data`, `must not nest deeper than ${LIMITS.maxJsonDepth} levels`);
  }
  const { id, source, data, dataBytes, attributes } = event;
  // The same holds of the name, of which most are short.
  if ((id?.length ?? 0) + source.length > MAX_NAME_BYTES / 3) requireNameFits(id ?? "", source, at);
  // A UTF-16 unit is three bytes of UTF-8 at most, so most events need not be measured.
  if ((data?.length ?? 0) + (dataBytes?.length ?? 0) + attributes.length <= maxEventBytes / 3) return;
  const bytes = Buffer.byteLength(data ?? "") + (dataBytes?.length ?? 0) + Buffer.byteLength(attributes);
  if (bytes <= maxEventBytes) return;
  const name = at === "" ? "The event" : at;
  throw new DomainError("payload-too-large", `${name} is larger than ${maxEventBytes} bytes.`, {
    fields: [{ field: at, message: `is ${bytes} bytes; at most ${maxEventBytes} are taken` }],
    facts: { maxBytes: maxEventBytes },
  });
}
