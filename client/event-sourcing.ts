import { GapError } from "./millrace-error.ts";
import { type PublishOptions, publishEvents } from "./publish-events.ts";
import { path, type Transport } from "./transport.ts";
import type { CloudEvent, NewEvent, PublishedEvent } from "./wire.ts";

/** An aggregate: its events folded, and the offset of the last of them (0 = it has none). */
export interface Loaded<State> {
  readonly state: State;
  readonly version: number;
}

export interface LoadInput<State, Data> {
  readonly topic: string;
  readonly key: string;
  readonly reducer: (state: State, event: CloudEvent<Data>) => State;
  readonly initial: State;
}

/** As a lossless parser may give it, too, with numbers of its own kind. */
interface Gap {
  readonly requested: unknown;
  readonly firstAvailable: unknown;
}

export interface LoadOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called when retention has taken events of the key, or may have; what is left is folded. Without it: `GapError`. */
  readonly onGap?: ((gap: { requested: number; firstAvailable: number }) => void) | undefined;
}

/**
 * Reads all events of one key, oldest first, page by page, and folds them. A history whose beginning is gone is no state:
 * it throws `GapError` unless `onGap` takes it on itself.
 */
export async function loadAggregate<State, Data>(
  transport: Transport,
  input: LoadInput<State, Data>,
  options: LoadOptions = {},
): Promise<Loaded<State>> {
  let { initial: state } = input;
  let version = 0;
  let after: number | null = 0;
  while (after !== null) {
    const query = new URLSearchParams({ key: input.key, after: String(after), limit: "1000" });
    const answer = await transport.ask(`${path("topics", input.topic, "events")}?${query}`, { signal: options.signal });
    const page = transport.parse(answer) as { events: CloudEvent<Data>[]; next: unknown; gap?: Gap };
    if (page.gap !== undefined) {
      const [requested, firstAvailable] = [Number(page.gap.requested), Number(page.gap.firstAvailable)];
      if (options.onGap === undefined) throw new GapError(requested, firstAvailable);
      options.onGap({ requested, firstAvailable });
    }
    for (const event of page.events) {
      state = input.reducer(state, event);
      version = Number(event.sequence);
    }
    // A lossless parser gives a number of its own kind.
    after = page.next === null || page.next === undefined ? null : Number(page.next);
  }
  return { state, version };
}

export interface AppendOptions extends Omit<PublishOptions, "expect"> {
  /** The version the decision was made on, from `load`. Without it nothing is expected. */
  readonly expect?: number | undefined;
}

/** Publishes events of one key, if its last event is the expected one; else `ConflictError`. */
export async function appendEvents(
  transport: Transport,
  aggregate: { readonly topic: string; readonly key: string },
  input: { readonly events: readonly Omit<NewEvent, "key">[]; readonly options: AppendOptions },
): Promise<{ readonly events: PublishedEvent[]; readonly version: number }> {
  const { topic, key } = aggregate;
  const { expect, ...rest } = input.options;
  const events = await publishEvents(transport, topic, {
    events: input.events.map((event) => ({ ...event, key })),
    options: expect === undefined ? rest : { ...rest, expect: Object.fromEntries([[key, expect]]) },
  });
  return { events, version: events.at(-1)?.offset ?? expect ?? 0 };
}
