import { LIMITS } from "../contract/limits.ts";
import { DomainError, invalidField } from "../domain/errors.ts";
import type { NewEvent } from "../domain/new-event.ts";

// A UTF-16 unit is three bytes of UTF-8 at most, so most events need not be measured.
const SURELY_FITS = LIMITS.maxEventBytes / 3;

/** Throws `payload-too-large` or `invalid-input`. `at` names the event: `events[3]`, or nothing for a single one. */
export function requireFits(event: NewEvent, dataDepth: number, at: string): void {
  if (dataDepth > LIMITS.maxJsonDepth) {
    throw invalidField(at === "" ? "data" : `${at}.data`, `must not nest deeper than ${LIMITS.maxJsonDepth} levels`);
  }
  const { data, dataBytes, attributes } = event;
  if ((data?.length ?? 0) + (dataBytes?.length ?? 0) + attributes.length <= SURELY_FITS) return;
  const bytes = Buffer.byteLength(data ?? "") + (dataBytes?.length ?? 0) + Buffer.byteLength(attributes);
  if (bytes <= LIMITS.maxEventBytes) return;
  const name = at === "" ? "The event" : at;
  throw new DomainError("payload-too-large", `${name} is larger than ${LIMITS.maxEventBytes} bytes.`, {
    fields: [{ field: at, message: `is ${bytes} bytes; at most ${LIMITS.maxEventBytes} are taken` }],
    facts: { maxBytes: LIMITS.maxEventBytes },
  });
}
