import fc from "fast-check";
import { describe, it } from "vitest";
import { assumedFrom, type NotedFlow, noteOf } from "./noted-in-flight.ts";
import { type OffsetRange, OffsetRanges } from "./offset-ranges.ts";
import { type FlowEvent, type ParkedHead, PartitionFlow } from "./partition-flow.ts";
import { moveCursor } from "./position-move.ts";
import { inAny, inFirstOnly } from "./range-sets.ts";
import type { Ordering } from "./sequence.ts";
import { decideSettlement, type ParkedRow } from "./settlement-decision.ts";

// FLOW_RUNS looks longer; FLOW_SEED and FLOW_PATH run a failure again.
const { FLOW_RUNS, FLOW_SEED, FLOW_PATH } = process.env;
const RUNS = Number(FLOW_RUNS ?? 5_000);
const MAX_ATTEMPTS = 3;

type Outcome = "ack" | "retry" | "dead-letter" | "skip";

interface Row {
  readonly offset: number;
  readonly key: string | null;
  state: ParkedRow["state"];
  attempt: number;
  attemptsMax: number;
  dueAt: number;
  /** Was handled before. */
  isReplay: boolean;
  /** Put here by a replay, and not failed since. */
  isRerun: boolean;
  lostAlone: number | null;
}

const settlement = fc.record({
  pick: fc.nat({ max: 20 }),
  /** What is in hand, was answered before, or was delivered by the instance before. */
  of: fc.constantFrom("hands" as const, "hands" as const, "answered" as const, "former" as const),
  outcome: fc.constantFrom<Outcome>("ack", "ack", "ack", "retry", "retry", "dead-letter", "skip"),
});
const command = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant("settle" as const),
      settlements: fc.array(settlement, { minLength: 1, maxLength: 5 }),
      isRefused: fc.boolean(),
      /** It is written, and nobody hears of it. */
      isUnsure: fc.boolean(),
      readsMeanwhile: fc.nat({ max: 3 }),
    }),
  },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("pump" as const), reads: fc.integer({ min: 1, max: 6 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("time" as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("replay" as const), from: fc.nat({ max: 20 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("abort" as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("move" as const),
      to: fc.nat({ max: 24 }),
      isClearing: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("redrive" as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("discard" as const), pick: fc.nat({ max: 20 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("restore" as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("claim" as const), lost: fc.nat({ max: 20 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("heartbeat" as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("adopt" as const) }) },
);
type Command = typeof command extends fc.Arbitrary<infer C> ? C : never;
type Settle = Omit<Command & { kind: "settle" }, "kind">;

interface Setting {
  readonly ordering: Ordering;
  readonly isPipelined: boolean;
  readonly keys: readonly number[];
  readonly maxInFlight: number;
}

const setting: fc.Arbitrary<Setting> = fc.record({
  ordering: fc.constantFrom<Ordering>("key", "key", "topic"),
  isPipelined: fc.boolean(),
  // 0: an event without a key, 8: one of key 1 that must not come twice, 9: one that the filter excludes.
  keys: fc.array(fc.constantFrom(0, 1, 1, 2, 2, 3, 8, 9), { minLength: 8, maxLength: 24 }),
  maxInFlight: fc.integer({ min: 1, max: 8 }),
});

/** `expect` costs ten times the rest of a run. */
function must(holds: boolean, what: () => string): void {
  if (!holds) throw new Error(what());
}

/** The database, the member and what became of every event, as simple as the rules allow. */
class World {
  readonly events: FlowEvent[];
  readonly rows = new Map<number, Row>();
  /** What the cursor covers. */
  covered = new OffsetRanges([[0, 0]]);
  /** Acked, discarded, or passed by: not to come again until a position is moved back, but for what a replay puts there. */
  readonly over = new Set<number>();
  /** What the database notes of what was handled: in the stretches before this one, and what this one began with. */
  noted = new OffsetRanges();
  inherited = new OffsetRanges();
  /** What the holder knows of it. */
  known = new OffsetRanges();
  readonly acks = new Map<number, number>();
  /** What the member has and has not answered, in the order in which it came. */
  hands: { offset: number; attempt: number }[] = [];
  answered: number[] = [];
  /** Given to the same session by the instances before this one: the member may answer them late. */
  former: number[] = [];
  /** With the last heartbeat of this epoch. */
  heartbeat: NotedFlow | undefined;
  now = 0;
  sent = 0;
  flow: PartitionFlow<FlowEvent>;
  readonly lost = new Map<number, { count: number; lost: number }>();

  constructor(readonly setting: Setting) {
    this.events = setting.keys.map((key, i) => ({
      offset: i + 1,
      key: key === 0 ? null : `k${key === 8 ? 1 : key}`,
      type: key === 9 ? "filtered" : key === 8 ? "mail" : "wanted",
    }));
    this.flow = this.open();
  }

  event(offset: number): FlowEvent {
    const event = this.events[offset - 1];
    if (event === undefined) throw new Error(`there is no event ${offset}`);
    return event;
  }

  sequenceOf({ offset, key }: { offset: number; key: string | null }): string {
    if (this.setting.ordering === "topic") return "p0";
    return key === null ? `o${offset}` : `k${key}`;
  }

  sequence(offset: number): FlowEvent[] {
    const name = this.sequenceOf(this.event(offset));
    return this.events.filter((it) => it.type !== "filtered" && this.sequenceOf(it) === name);
  }

  /** As in the database: what is parked and was not handled before is not handled by being passed. */
  handled(): OffsetRanges {
    const since = inFirstOnly(inFirstOnly(this.covered, this.inherited), this.waiting());
    return inAny([this.noted, since]);
  }

  waiting(): OffsetRanges {
    const rows = [...this.rows.values()].filter((it) => !it.isReplay).sort((a, b) => a.offset - b.offset);
    return inAny([rows.map(({ offset }): OffsetRange => [offset, offset])]);
  }

  open(assumed = new OffsetRanges()): PartitionFlow<FlowEvent> {
    const [, position] = [...this.covered][0] ?? [0, 0];
    this.known = this.handled();
    return new PartitionFlow<FlowEvent>({
      ordering: this.setting.ordering,
      isPipelined: this.setting.isPipelined,
      cursor: { position, settled: new OffsetRanges([...this.covered].slice(1)) },
      heads: this.heads(),
      discardedAhead: this.discardedAhead(),
      broken: new Map(this.lost),
      assumed,
      maxHeldBack: 4,
    });
  }

  heads(): ParkedHead[] {
    return [...this.rows.values()]
      .filter((it) => it.state === "retrying" || it.state === "dead")
      .map((it) => ({
        offset: it.offset,
        key: it.key,
        attempt: it.attempt,
        isDead: it.state === "dead",
        dueAt: it.dueAt,
        operationId: null,
        isReplay: it.isReplay,
        lostAlone: it.lostAlone,
      }));
  }

  discardedAhead(): number[] {
    return [...this.rows.values()]
      .filter((it) => it.state === "discarded" && !this.covered.has(it.offset))
      .map((it) => it.offset);
  }

  lowest(name: string): Row | undefined {
    return [...this.rows.values()]
      .filter((it) => it.state !== "discarded" && this.sequenceOf(it) === name)
      .sort((a, b) => a.offset - b.offset)[0];
  }

  /** The lowest row of a sequence is its head, all others are blocked. */
  mend(name: string): void {
    const lowest = this.lowest(name);
    for (const row of this.rows.values()) {
      if (row.state === "discarded" || this.sequenceOf(row) !== name) continue;
      if (row !== lowest) row.state = "blocked";
      else if (row.state === "blocked") {
        row.state = row.attempt < row.attemptsMax ? "retrying" : "dead";
        row.dueAt = this.now;
      }
    }
  }

  hand(offset: number, { attempt, isReplay }: { attempt: number; isReplay: boolean }): void {
    must(!this.hands.some((it) => it.offset === offset), () => `${offset} is with the member already`);
    const isAskedFor = this.rows.get(offset)?.isReplay === true || this.rows.get(offset)?.isRerun === true;
    must(isAskedFor || !this.over.has(offset), () => `${offset} is over and came again`);
    must(isReplay === this.acks.has(offset), () => `${offset} is ${isReplay ? "a" : "no"} replay`);
    const sequence = this.sequence(offset);
    for (const it of sequence) {
      const isWithMember = this.hands.some((hand) => hand.offset === it.offset);
      // A replay puts back what is over; whatever the member has of the sequence is answered first.
      if (!this.setting.isPipelined || this.rows.has(offset)) {
        must(!isWithMember, () => `${offset} came while the member has ${it.offset}`);
      }
      if (it.offset >= offset) continue;
      must(this.over.has(it.offset) || isWithMember, () => `${offset} overtakes ${it.offset}`);
      const parked = this.rows.get(it.offset)?.state ?? "discarded";
      must(parked === "discarded", () => `${offset} overtakes ${it.offset}, which is ${parked}`);
    }
    this.hands.push({ offset, attempt });
    must(this.hands.length <= this.setting.maxInFlight, () => "more is in flight than may be");
  }

  handLive(offset: number): void {
    this.hand(offset, { attempt: this.flow.attemptOf(offset), isReplay: this.known.has(offset) });
  }

  pump(reads: number): void {
    const { flow } = this;
    const room = () => this.setting.maxInFlight - flow.inFlight;
    for (const head of flow.due(this.now, room())) {
      this.sent += 1;
      if (flow.deliverHead(head, this.sent))
        this.hand(head.offset, { attempt: head.attempt + 1, isReplay: head.isReplay });
    }
    for (let ready = flow.firstReady(); ready !== undefined && room() > 0; ready = flow.firstReady()) {
      this.sent += 1;
      this.handLive(ready.offset);
      flow.deliverReady(this.sent);
    }
    const through = Math.min(this.events.length, flow.scanned + reads);
    for (let offset = flow.scanned + 1; offset <= through; offset++) {
      const event = this.event(offset);
      if (event.type === "filtered" || (event.type === "mail" && this.known.has(offset))) continue;
      const offer = flow.offer(event, event);
      if (offer === "full" || (offer === "deliver" && room() <= 0)) {
        flow.passTo(offset - 1);
        return;
      }
      if (offer === "deliver") {
        this.sent += 1;
        this.handLive(offset);
        flow.deliver(event, this.sent);
      }
    }
    flow.passTo(through);
  }

  settle({ settlements, isRefused, isUnsure, readsMeanwhile }: Settle): void {
    const given = { hands: this.hands.map((it) => it.offset), answered: this.answered, former: this.former };
    const chosen = settlements.flatMap(({ pick, of, outcome }) => {
      const from = given[of];
      const offset = from[pick % Math.max(1, from.length)];
      return offset === undefined ? [] : [{ offset, outcome }];
    });
    const { flow } = this;
    for (const it of chosen) must(flow.mayHaveDelivered(it.offset), () => `${it.offset} was delivered`);
    const begun = chosen.map((it) => ({ ...it, begun: flow.begin(it) }));
    const parking = flow.beginParking(3);
    // The statement is on its way: the member is given more meanwhile.
    if (readsMeanwhile > 0) this.pump(readsMeanwhile);
    if (isRefused) {
      flow.rollBack();
      return;
    }
    // All rows are read before anything is decided.
    const rows = new Map([...this.rows].map(([offset, row]) => [offset, { ...row, operationId: null }]));
    const touched = new Set<string>();
    const passed: number[] = [];
    for (const it of begun) {
      if (it.begun === "undelivered") throw new Error(`${it.offset} was delivered`);
      const row = rows.get(it.offset) ?? null;
      const name = this.sequenceOf(this.event(it.offset));
      const decision = decideSettlement({
        ...it,
        begun: it.begun,
        attempt: null,
        row,
        headOffset: this.lowest(name)?.offset ?? null,
        isSettled: this.covered.has(it.offset),
      });
      const isApart = it.begun === "assumed" || decision === "release";
      switch (decision) {
        case "repeat":
        case "superseded":
          continue;
        case "settle":
        case "release":
          must(
            decision === "settle" ? !this.over.has(it.offset) : this.rows.has(it.offset),
            () => `${it.offset} was settled twice`,
          );
          this.acks.set(it.offset, (this.acks.get(it.offset) ?? 0) + 1);
          this.over.add(it.offset);
          this.rows.delete(it.offset);
          break;
        case "discard":
        case "discard-parked":
          this.over.add(it.offset);
          this.park(it.offset, "discarded", 0);
          break;
        case "park":
        case "fail-again": {
          const attempt = row === null ? flow.attemptOf(it.offset) : row.attempt + 1;
          const attemptsMax = row?.attemptsMax ?? MAX_ATTEMPTS + attempt - 1;
          const isDead = it.outcome === "dead-letter" || attempt >= attemptsMax;
          const parked = this.park(it.offset, isDead ? "dead" : "retrying", attempt);
          // A replay has begun what a position change had skipped: it is to come to its end now.
          if (!parked.isReplay) this.over.delete(it.offset);
          parked.attemptsMax = isDead ? attempt : attemptsMax;
          parked.dueAt = this.now + 10;
        }
      }
      if (isApart) passed.push(it.offset);
      touched.add(name);
    }
    for (const { offset, isAlone } of parking) {
      if (this.rows.has(offset) || this.over.has(offset)) continue;
      const row = this.park(offset, "blocked", isAlone ? 2 : 0);
      row.lostAlone = isAlone ? 0 : null;
      row.attemptsMax = row.attempt + MAX_ATTEMPTS;
      touched.add(this.sequenceOf(row));
    }
    for (const name of touched) this.mend(name);
    for (const range of flow.pending()) this.covered.add(...range);
    for (const offset of passed) this.covered.add(offset, offset);
    const position = [...this.covered][0]?.[1] ?? 0;
    if (isUnsure) {
      flow.rollBack();
      const settled = new OffsetRanges([...this.covered].slice(1));
      flow.reconcile({ position, settled }, { heads: this.heads(), discardedAhead: this.discardedAhead() });
      this.forget();
      return;
    }
    for (const offset of passed) flow.passBy(offset);
    flow.commit(position);
    const counted = begun.filter((it) => it.begun === "live" || it.begun === "head").map((it) => it.offset);
    this.answered.push(...counted);
    for (const name of touched) {
      const lowest = this.lowest(name);
      const any = this.events.find((it) => this.sequenceOf(it) === name && it.type !== "filtered");
      const head = this.heads().find((it) => it.offset === lowest?.offset) ?? null;
      if (any !== undefined)
        flow.setHead(name.startsWith("o") ? { key: null, offset: Number(name.slice(1)) } : any, head);
    }
    this.forget();
  }

  /** What is not in flight any more the member has answered, or was told to forget. */
  forget(): void {
    const inFlight = new Set([...this.flow.inFlightDeliveries()].map((it) => it.offset));
    this.hands = this.hands.filter((it) => inFlight.has(it.offset));
  }

  park(offset: number, state: Row["state"], attempt: number): Row {
    const { key } = this.event(offset);
    const before = this.rows.get(offset);
    const isReplay = before?.isReplay ?? this.known.has(offset);
    const lostAlone = before?.lostAlone ?? null;
    const since = { attemptsMax: MAX_ATTEMPTS, dueAt: this.now, isRerun: false, lostAlone };
    const row: Row = { offset, key, state, attempt, isReplay, ...since };
    this.rows.set(offset, row);
    return row;
  }

  mirror(): void {
    for (const name of new Set(this.events.map((it) => this.sequenceOf(it)))) this.mend(name);
    this.flow.mirror(this.heads(), this.discardedAhead());
    this.forget();
  }

  run(command: Command): void {
    switch (command.kind) {
      case "settle":
        this.settle(command);
        return;
      case "pump":
        this.pump(command.reads);
        return;
      case "time":
        this.now += 20;
        return;
      case "replay": {
        const handled = this.handled();
        const passed = this.events.filter(({ offset, type }) => {
          if (type === "filtered" || (type === "mail" && handled.has(offset))) return false;
          return this.covered.has(offset) && !this.rows.has(offset) && offset > command.from % 5;
        });
        for (const { offset } of passed.slice(0, 3)) {
          const row = this.park(offset, "blocked", 0);
          row.isRerun = true;
          row.isReplay = handled.has(offset);
          if (!row.isReplay) this.inherited = inFirstOnly(this.inherited, [[offset, offset]]);
        }
        this.mirror();
        return;
      }
      case "abort":
        for (const { offset, isRerun, isReplay } of [...this.rows.values()]) {
          if (!isRerun) continue;
          this.rows.delete(offset);
          if (!isReplay) this.inherited.add(offset, offset);
        }
        this.mirror();
        return;
      case "move":
        this.move(command);
        return;
      case "redrive":
        for (const row of this.rows.values()) {
          if (row.state !== "dead") continue;
          row.state = "retrying";
          row.attemptsMax = row.attempt + 1;
          row.dueAt = this.now;
        }
        this.mirror();
        return;
      case "discard": {
        const dead = [...this.rows.values()].filter((it) => it.state === "dead" || it.state === "blocked");
        const row = dead[command.pick % Math.max(1, dead.length)];
        if (row === undefined || row.isRerun) return;
        row.state = "discarded";
        this.over.add(row.offset);
        this.mirror();
        return;
      }
      case "restore":
        for (const row of this.rows.values()) {
          if (row.state !== "discarded") continue;
          row.state = "blocked";
          row.attempt = 0;
          row.attemptsMax = MAX_ATTEMPTS;
          this.over.delete(row.offset);
        }
        this.mirror();
        return;
      case "claim": {
        const at = this.hands[command.lost % Math.max(1, this.hands.length)];
        for (const { offset } of this.hands) {
          const row = this.rows.get(offset);
          const before = this.lost.get(offset) ?? { count: 0, lost: 0 };
          if (row !== undefined) {
            row.attempt += 1;
            row.attemptsMax += 1;
          } else if (at?.offset === offset) this.lost.set(offset, { count: before.count + 1, lost: before.lost + 1 });
        }
        this.hands = [];
        this.former = [];
        this.heartbeat = undefined;
        this.flow = this.open();
        return;
      }
      case "heartbeat":
        this.heartbeat = noteOf(this.flow);
        return;
      case "adopt":
        this.former = [...new Set([...this.former, ...this.hands.map((it) => it.offset)])];
        this.hands = [];
        this.flow = this.open(assumedFrom(this.heartbeat, this.events.length));
    }
  }

  /** An operator moves the position, and everything in flight is void. */
  move({ to: wanted, isClearing }: { readonly to: number; readonly isClearing: boolean }): void {
    const to = Math.min(wanted, this.events.length);
    const [, position] = [...this.covered][0] ?? [0, 0];
    this.noted = this.handled();
    const isBack = to < position;
    const cursor = { partition: 0, position, settled: new OffsetRanges([...this.covered].slice(1)) };
    const moved = moveCursor(cursor, { to, isBack });
    this.covered = new OffsetRanges([[0, moved.position], ...moved.settled]);
    for (const row of [...this.rows.values()]) {
      const runsAgain = isBack && row.offset > to && (row.state === "discarded" || row.isRerun);
      if (isClearing || runsAgain) this.rows.delete(row.offset);
    }
    for (const { offset, type } of this.events) {
      const isSpared = type === "mail" && this.acks.has(offset);
      const isPassed = this.covered.has(offset) && this.rows.get(offset)?.isRerun !== false;
      if (isSpared || isPassed) this.over.add(offset);
      else if (this.rows.get(offset)?.state !== "discarded") this.over.delete(offset);
    }
    this.inherited = inFirstOnly(this.covered, this.waiting());
    for (const name of new Set(this.events.map((it) => this.sequenceOf(it)))) this.mend(name);
    this.hands = [];
    this.answered = [];
    this.former = [];
    this.heartbeat = undefined;
    this.lost.clear();
    this.flow = this.open();
  }

  check(): void {
    const handled = this.handled();
    const position = [...this.covered][0]?.[1] ?? 0;
    for (const { offset, type } of this.events) {
      if (type === "filtered") continue;
      must(
        handled.has(offset) === this.acks.has(offset),
        () => `${offset} is ${handled.has(offset) ? "" : "not "}handled`,
      );
      if (!this.covered.has(offset)) continue;
      const isKnown = this.over.has(offset) || this.rows.has(offset);
      must(isKnown, () => `${offset} is lost: the cursor covers it (position ${position})`);
    }
    must(
      this.hands.length === this.flow.inFlight,
      () => `${this.hands.length} in hand, ${this.flow.inFlight} in flight`,
    );
    must(this.flow.waiting <= 4, () => "more waits than may");
  }

  drain(): void {
    for (let i = 0; i < 400; i++) {
      this.now += 1_000;
      this.pump(100);
      const settlements = this.hands.map((_, pick) => ({ pick, of: "hands" as const, outcome: "ack" as const }));
      this.settle({ settlements, isRefused: false, isUnsure: false, readsMeanwhile: 0 });
      this.run({ kind: "redrive" });
      this.check();
      const isDone = this.events.every((it) => it.type === "filtered" || this.over.has(it.offset));
      const isFree = [...this.rows.values()].every((it) => it.state === "discarded");
      if (isDone && isFree && this.flow.floor === this.events.length) return;
    }
    const left = this.events.filter((it) => it.type !== "filtered" && !this.over.has(it.offset)).map((it) => it.offset);
    throw new Error(`not drained: ${left} of ${this.events.length}, parked ${JSON.stringify([...this.rows.values()])}`);
  }
}

describe("the flow of a partition", () => {
  it("loses nothing, repeats nothing that is over and lets nothing overtake, whatever is settled and refused", () => {
    fc.assert(
      fc.property(setting, fc.array(command, { minLength: 5, maxLength: 40 }), (chosen, commands) => {
        const world = new World(chosen);
        for (const it of commands) {
          world.run(it);
          world.check();
        }
        world.drain();
      }),
      {
        numRuns: RUNS,
        seed: Number(FLOW_SEED ?? 20_261_125),
        ...(FLOW_PATH !== undefined && { path: FLOW_PATH }),
      },
    );
  });
});
