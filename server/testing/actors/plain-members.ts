import { setTimeout as delay } from "node:timers/promises";
import { createParser, type EventSourceMessage } from "eventsource-parser";
import type { Delivery } from "../../contract/settlements.ts";

/** A member that knows the wire and no SDK: what docs/write-a-client.md says, and no more. */
export interface PlainMember {
  readonly url: string;
  readonly apiKey: string;
  readonly consumer: string;
  readonly member: string;
  readonly fetch: typeof fetch;
  /** Rejects when it failed. */
  handle(delivered: Delivered): Promise<void>;
  /** The state that goes with the settlement of an event. */
  stateOf(delivered: Delivered): object;
}

export interface Delivered {
  readonly delivery: Delivery;
  readonly event: { readonly partitionkey?: string };
}

const RETRY_MS = 200;
const SILENCE_MS = 45_000;

/** Follows the stream, and comes back with the last id it has seen whenever that breaks. */
export async function streamEvents(it: PlainMember): Promise<never> {
  /** What is being handled or settled, by place and epoch: what comes again of that is not started twice. */
  const atWork = new Set<string>();
  let lastId = "";
  async function work(delivered: Delivered): Promise<void> {
    const { topic, offset, epoch } = delivered.delivery;
    const name = `${topic}/${offset}/${epoch}`;
    if (atWork.has(name)) return;
    atWork.add(name);
    await settle(it, [await attempt(it, delivered)]);
    atWork.delete(name);
  }
  const onEvent = ({ id, event, data }: EventSourceMessage) => {
    if (id !== undefined) lastId = id;
    if (event === undefined) void work(JSON.parse(data));
  };
  for (;;) {
    try {
      await readStream(it, { lastId, onEvent });
    } catch {
      // Refused, cut, silent: all the same.
    }
    await delay(RETRY_MS);
  }
}

async function readStream(
  it: PlainMember,
  { lastId, onEvent }: { readonly lastId: string; readonly onEvent: (frame: EventSourceMessage) => void },
): Promise<void> {
  const silence = new AbortController();
  const headers = { ...headersOf(it), ...(lastId !== "" && { "last-event-id": lastId }) };
  const path = `/v1/consumers/${it.consumer}/events?member=${it.member}`;
  const answer = await it.fetch(it.url + path, { headers, signal: silence.signal });
  if (!answer.ok || answer.body === null) throw new Error(await answer.text());
  const parser = createParser({ onEvent });
  const decoder = new TextDecoder();
  let timer = setTimeout(() => silence.abort(), SILENCE_MS);
  try {
    for await (const bytes of answer.body) {
      clearTimeout(timer);
      timer = setTimeout(() => silence.abort(), SILENCE_MS);
      parser.feed(decoder.decode(bytes, { stream: true }));
    }
  } finally {
    clearTimeout(timer);
  }
}

/** Pulls, handles what came, settles it, and pulls again. */
export async function pullEvents(it: PlainMember): Promise<never> {
  let session: string | null = null;
  let lastEventId: string | null = null;
  for (;;) {
    const asked: object =
      session === null
        ? { member: it.member, waitMs: 1_000, max: 20 }
        : { session, waitMs: 1_000, max: 20, ...(lastEventId !== null && { lastEventId }) };
    const answer = await post(it, "deliveries", asked);
    if (answer === null || answer.status >= 500 || answer.status === 429) {
      await delay(RETRY_MS);
      continue;
    }
    const body = await answer.json();
    if (!answer.ok) {
      // The session is over, or the name is still its ghost's.
      session = null;
      lastEventId = null;
      await delay(RETRY_MS);
      continue;
    }
    const deliveries = body.deliveries as readonly (Delivered & { id: string })[];
    session = body.session as string;
    lastEventId = deliveries.at(-1)?.id ?? lastEventId;
    // Of one key at most one event is there.
    const attempts = await Promise.all(deliveries.map((delivered) => attempt(it, delivered)));
    if (attempts.length > 0) await settle(it, attempts);
  }
}

interface Attempt {
  readonly delivered: Delivered;
  /** Null: it went well. */
  readonly error: Error | null;
}

async function attempt(it: PlainMember, delivered: Delivered): Promise<Attempt> {
  try {
    await it.handle(delivered);
    return { delivered, error: null };
  } catch (error) {
    return { delivered, error: error as Error };
  }
}

/** Says what became of each until somebody answers: a repeat is harmless. What is refused was given to others. */
async function settle(it: PlainMember, all: readonly Attempt[]): Promise<void> {
  const settlements = all.map(({ delivered, error }) => {
    const { topic, partition, offset, epoch, attempt: count } = delivered.delivery;
    const place = { topic, partition, offset, epoch };
    if (error === null) return { ...place, outcome: "ack", state: it.stateOf(delivered) };
    const { name, message } = error;
    return { ...place, outcome: "retry", attempt: count, error: { name, message } };
  });
  for (;;) {
    const answer = await post(it, "settlements", { settlements });
    await answer?.text();
    if (answer !== null && answer.status < 500 && answer.status !== 429) {
      // A request is refused whole; what of it is not stale counts by itself.
      if (answer.status === 409 && all.length > 1) for (const one of all) await settle(it, [one]);
      return;
    }
    await delay(RETRY_MS);
  }
}

async function post(it: PlainMember, what: string, body: object): Promise<Response | null> {
  try {
    return await it.fetch(`${it.url}/v1/consumers/${it.consumer}/${what}`, {
      method: "POST",
      headers: headersOf(it),
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(15_000),
    });
  } catch {
    return null;
  }
}

function headersOf({ apiKey }: PlainMember): Record<string, string> {
  return { authorization: `Bearer ${apiKey}`, "content-type": "application/json" };
}
