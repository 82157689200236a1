import { MillraceError } from "./millrace-error.ts";
import { randomId } from "./random-id.ts";
import { path, type Transport } from "./transport.ts";
import type { NewEvent, PublishedEvent } from "./wire.ts";

export interface PublishOptions {
  /** Per key: the offset of the key's last event, 0 for none. Anything else there is a `ConflictError`. */
  readonly expect?: Readonly<Record<string, number>> | undefined;
  readonly signal?: AbortSignal | undefined;
  /** How long to go on repeating a publish that got no answer, 429 or 503. Default 30,000. */
  readonly timeLimitMs?: number | undefined;
}

/**
 * Publishes all of the events or none, and returns once they are stored for good. Every event carries an id, so a
 * publish whose answer was lost is repeated without being stored twice.
 */
export async function publishEvents(
  transport: Transport,
  topic: string,
  input: { readonly events: readonly NewEvent[]; readonly options: PublishOptions },
): Promise<PublishedEvent[]> {
  const { expect, signal, timeLimitMs = 30_000 } = input.options;
  const events = input.events.map((event) => ({ ...event, id: event.id ?? randomId() }));
  const body = transport.stringify(expect === undefined ? { events } : { events, expect });
  if (body === undefined) throw new TypeError("the events cannot be written as JSON");
  const answer = await transport.ask(path("topics", topic, "events"), { method: "POST", body, signal, timeLimitMs });
  const result = JSON.parse(answer) as { events?: PublishedEvent[] };
  if (result.events?.length !== events.length) {
    throw new MillraceError("unreadable", "the answer does not name every event", 201);
  }
  return result.events;
}
