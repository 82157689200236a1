/** What the plan needs to know of an event: the caller's id (null = it is given one later, so it is new) and its key. */
export interface PlannedEvent {
  readonly id: string | null;
  readonly key: string | null;
}

export interface AppendRequest<Event extends PlannedEvent = PlannedEvent> {
  readonly events: readonly Event[];
  /** Per key, the offset its last event must have, 0 for none. Null = no expectation. */
  readonly expect: ReadonlyMap<string, number> | null;
}

/** The log as it stands under the lock. */
export interface LogState {
  readonly head: number;
  /** Of the ids asked about, those the topic holds, with their offsets. */
  readonly known: ReadonlyMap<string, number>;
  /** Of the keys asked about, the offset of the last event; absent = none. */
  readonly lastOffsets: ReadonlyMap<string, number>;
}

export interface Placement {
  readonly offset: number;
  /** The topic held the id already; nothing is written. */
  readonly isDuplicate: boolean;
}

/** What one request gets: a place for each of its events, or the actual offsets of the keys that it was wrong about. */
export type Verdict =
  | { readonly kind: "accepted"; readonly placements: readonly Placement[] }
  | { readonly kind: "conflict"; readonly actual: ReadonlyMap<string, number> };

export interface AppendPlan {
  /** One per request, in their order. */
  readonly verdicts: readonly Verdict[];
  readonly head: number;
}

/**
 * Decides what each queued request gets, in order, as if they had been appended one after the other: a later request's
 * expectations and ids see the events of an earlier accepted one. A request is all or nothing, and one request's
 * conflict takes nothing from its neighbours.
 */
export function planAppend(log: LogState, requests: readonly AppendRequest[]): AppendPlan {
  const known = new Map(log.known);
  const lastOffsets = new Map(log.lastOffsets);
  let head = log.head;
  const verdicts = requests.map((request): Verdict => {
    const { placements, fresh } = place(request.events, head, known);
    // All known already: a lost reply repeated. Its expectation held when it was first accepted, and the events it
    // wrote then are what breaks it now.
    if (fresh.length === 0) return { kind: "accepted", placements };
    const actual = brokenExpectations(request.expect, lastOffsets);
    if (actual.size > 0) return { kind: "conflict", actual };
    for (const { event, offset } of fresh) {
      if (event.id !== null) known.set(event.id, offset);
      if (event.key !== null) lastOffsets.set(event.key, offset);
    }
    head += fresh.length;
    return { kind: "accepted", placements };
  });
  return { verdicts, head };
}

interface FreshEvent {
  readonly event: PlannedEvent;
  readonly offset: number;
}

function place(events: readonly PlannedEvent[], head: number, known: ReadonlyMap<string, number>) {
  const fresh: FreshEvent[] = [];
  const ofThisRequest = new Map<string, number>();
  const placements = events.map((event): Placement => {
    const first = event.id === null ? undefined : (known.get(event.id) ?? ofThisRequest.get(event.id));
    if (first !== undefined) return { offset: first, isDuplicate: true };
    const offset = head + fresh.length + 1;
    fresh.push({ event, offset });
    if (event.id !== null) ofThisRequest.set(event.id, offset);
    return { offset, isDuplicate: false };
  });
  return { placements, fresh };
}

function brokenExpectations(expect: AppendRequest["expect"], lastOffsets: ReadonlyMap<string, number>) {
  const actual = new Map<string, number>();
  for (const [key, expected] of expect ?? []) {
    const last = lastOffsets.get(key) ?? 0;
    if (last !== expected) actual.set(key, last);
  }
  return actual;
}
