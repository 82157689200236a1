import { eventName } from "./event-name.ts";

/** An event, as far as the plan has to know it. */
export interface PlannedEvent {
  /** The caller's id; null = it is given one later, so it is new. */
  readonly id: string | null;
  readonly source: string;
  readonly type: string;
  readonly key: string | null;
}

/** An event that the topic holds under a name, and what it must agree in with another of that name to be the same. */
export interface KnownEvent {
  readonly offset: number;
  readonly type: string;
  readonly key: string | null;
  /** Of the data; equal for equal data alone. */
  readonly digest: string;
}

export interface AppendRequest<Event extends PlannedEvent = PlannedEvent> {
  readonly events: readonly Event[];
  /** Per key, the offset its last event must have, 0 for none. Null = no expectation. */
  readonly expect: ReadonlyMap<string, number> | null;
}

/** The log as it stands under the lock. */
export interface LogState {
  readonly head: number;
  /** Of the names asked about (`eventName`), those that the topic holds. */
  readonly known: ReadonlyMap<string, KnownEvent>;
  /** Of the keys asked about, the offset of the last event, retained or remembered; absent = none is known of. */
  readonly lastOffsets: ReadonlyMap<string, number>;
  /** Up to here retention may have taken events whose keys nobody remembers; 0 = every key is remembered. */
  readonly forgottenThrough: number;
}

export interface Placement {
  readonly offset: number;
  /** The topic held the event already; nothing is written. */
  readonly isDuplicate: boolean;
}

/** The plan for one request. Only `accepted` writes anything. */
export type AppendVerdict =
  /** A place for each of its events. */
  | { readonly kind: "accepted"; readonly placements: readonly Placement[] }
  /** The actual offsets of the keys that it was wrong about. */
  | { readonly kind: "conflict"; readonly actual: ReadonlyMap<string, number> }
  /** The event of this index has the name of the one at this offset, and another content. */
  | { readonly kind: "reused"; readonly index: number; readonly offset: number }
  /** Nobody knows the last offset of these keys any more. */
  | { readonly kind: "forgotten"; readonly keys: readonly string[] };

export interface AppendPlan {
  /** One per request, in their order. */
  readonly verdicts: readonly AppendVerdict[];
  readonly head: number;
}

/**
 * Decides what each queued request gets, in order, as if they had been appended one after the other: a later request's
 * expectations and names see the events of an earlier accepted one. A request is all or nothing, and one request's
 * refusal takes nothing from its neighbours. `digestOf` is asked only about events whose name is not new.
 */
export function planAppend<Event extends PlannedEvent>(
  log: LogState,
  requests: readonly AppendRequest<Event>[],
  digestOf: (event: Event) => string,
): AppendPlan {
  const { forgottenThrough } = log;
  const names = new Names(log.known, digestOf);
  const lastOffsets = new Map(log.lastOffsets);
  let head = log.head;
  const verdicts = requests.map((request): AppendVerdict => {
    const placed = place(request.events, head, names);
    if (placed.kind === "reused") return placed;
    const { placements, fresh } = placed;
    // All known already: a lost reply repeated. Its expectation held when it was first accepted, and the events it
    // wrote then are what breaks it now.
    if (fresh.length === 0) return { kind: "accepted", placements };
    const refusal = refusedExpectation(request.expect, { lastOffsets, forgottenThrough });
    if (refusal !== null) return refusal;
    for (const { event, offset } of fresh) {
      names.keep(event, offset);
      if (event.key !== null) lastOffsets.set(event.key, offset);
    }
    head += fresh.length;
    return { kind: "accepted", placements };
  });
  return { verdicts, head };
}

interface Kept<Event> {
  readonly event: Event;
  readonly offset: number;
}

type Placed<Event> =
  | { readonly kind: "placed"; readonly placements: readonly Placement[]; readonly fresh: readonly Kept<Event>[] }
  | Extract<AppendVerdict, { kind: "reused" }>;

function place<Event extends PlannedEvent>(events: readonly Event[], head: number, names: Names<Event>): Placed<Event> {
  const fresh: Kept<Event>[] = [];
  const placements: Placement[] = [];
  const ofThisRequest = names.draft();
  for (const [index, event] of events.entries()) {
    const first = ofThisRequest.find(event);
    if (first !== null) {
      if (!first.isSame) return { kind: "reused", index, offset: first.offset };
      placements.push({ offset: first.offset, isDuplicate: true });
      continue;
    }
    const offset = head + fresh.length + 1;
    fresh.push({ event, offset });
    ofThisRequest.keep(event, offset);
    placements.push({ offset, isDuplicate: false });
  }
  return { kind: "placed", placements, fresh };
}

/** The names in use: those of the log, of the requests accepted so far and, in a draft, of the one being looked at. */
class Names<Event extends PlannedEvent> {
  readonly #kept = new Map<string, Kept<Event>>();
  readonly #known: ReadonlyMap<string, KnownEvent>;
  readonly #digestOf: (event: Event) => string;
  readonly #base: ReadonlyMap<string, Kept<Event>>;

  constructor(
    known: ReadonlyMap<string, KnownEvent>,
    digestOf: (event: Event) => string,
    base: ReadonlyMap<string, Kept<Event>> = new Map(),
  ) {
    this.#known = known;
    this.#digestOf = digestOf;
    this.#base = base;
  }

  draft(): Names<Event> {
    return new Names(this.#known, this.#digestOf, this.#kept);
  }

  keep(event: Event, offset: number): void {
    if (event.id !== null) this.#kept.set(eventName(event.id, event.source), { event, offset });
  }

  /** The first event of the same name, and whether it is the same event; null = the name is new. */
  find(event: Event): { readonly offset: number; readonly isSame: boolean } | null {
    if (event.id === null) return null;
    const name = eventName(event.id, event.source);
    const known = this.#known.get(name);
    if (known !== undefined) return this.#compare(event, known);
    const kept = this.#kept.get(name) ?? this.#base.get(name);
    if (kept === undefined) return null;
    const { type, key } = kept.event;
    return this.#compare(event, { offset: kept.offset, type, key, digest: this.#digestOf(kept.event) });
  }

  #compare(event: Event, first: KnownEvent): { readonly offset: number; readonly isSame: boolean } {
    const isSame = event.type === first.type && event.key === first.key && this.#digestOf(event) === first.digest;
    return { offset: first.offset, isSame };
  }
}

function refusedExpectation(
  expect: AppendRequest["expect"],
  { lastOffsets, forgottenThrough }: Pick<LogState, "lastOffsets" | "forgottenThrough">,
): Extract<AppendVerdict, { kind: "conflict" | "forgotten" }> | null {
  const actual = new Map<string, number>();
  const forgotten: string[] = [];
  for (const [key, expected] of expect ?? []) {
    const last = lastOffsets.get(key) ?? 0;
    // An event of the key that nobody remembers may have come after it.
    if (last <= forgottenThrough && forgottenThrough > 0) forgotten.push(key);
    else if (last !== expected) actual.set(key, last);
  }
  if (actual.size > 0) return { kind: "conflict", actual };
  return forgotten.length > 0 ? { kind: "forgotten", keys: forgotten } : null;
}
