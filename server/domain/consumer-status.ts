import { countText, durationText, eventsText } from "./fact-words.ts";
import { MAX_SEQUENCES } from "./sequence.ts";

export type ConsumerStatus = "healthy" | "lagging" | "blocked" | "stalled" | "failing" | "paused" | "halted" | "idle";

/** What is measured of a consumer at one instant. Durations in milliseconds. */
export interface ConsumerFacts {
  readonly pause: {
    readonly kind: "operator" | "halted";
    readonly by: string;
    readonly reason: string;
    readonly until: string | null;
  } | null;
  /** The breaker is open: deliveries stand because (nearly) all of them failed. */
  readonly failing: BreakerFacts | null;
  readonly ordering: "key" | "topic";
  readonly ackTimeoutMs: number;
  readonly members: number;
  /** For how long its longest-connected member has been there; 0 without one. */
  readonly connectedMs: number;
  readonly topics: readonly TopicFacts[];
  /** Replays under way are left out: they were passed before. */
  readonly parked: { readonly retrying: number; readonly dead: number; readonly blocked: number };
  /** Dead letters that hold their key, though nothing may wait behind them yet. */
  readonly deadWithKey: number;
  /** The parked head with most events behind it. */
  readonly head: ParkedHeadFacts | null;
}

export interface BreakerFacts {
  readonly since: string;
  readonly error: { readonly name: string; readonly message: string } | null;
  /** When one delivery is tried; null while one is under way. */
  readonly nextProbeAt: string | null;
}

export interface TopicFacts {
  readonly topic: string;
  /** Offsets between position and head. */
  readonly lag: number;
  /** Age of the oldest event past the position. */
  readonly lagMs: number;
  /** How long ago anything of the topic was settled or passed over. */
  readonly stillMs: number;
}

export interface ParkedHeadFacts {
  readonly topic: string;
  readonly offset: number;
  readonly key: string | null;
  readonly isDead: boolean;
  /** Deliveries that have failed. */
  readonly attempt: number;
  readonly attemptsMax: number;
  /** Milliseconds until it is delivered again; ≤ 0 = now. */
  readonly dueInMs: number;
  readonly errorName: string | null;
  /** Events parked behind it. */
  readonly behind: number;
}

/** An event that waits longer than this makes a consumer lag: a person would notice. */
export const LAGGING_AFTER_MS = 10_000;
/** No progress for this long, or for the ack timeout where that is longer, means that nothing moves. */
export const STALLED_AFTER_MS = 60_000;

/**
 * How a consumer stands, and why, from what was measured. The first that holds:
 *
 * 1. `halted`, `paused`: it is; nothing new is delivered.
 * 2. `failing`: the breaker is open; one delivery is tried now and then.
 * 3. `blocked`: ordered by topic, an event is parked, so its partition waits behind it; ordered by key, as many have
 *    failed as a member may hold.
 * 4. `stalled`: an event waits for longer than `LAGGING_AFTER_MS` and no member is connected; or it waits, and members
 *    have been connected, for longer than `STALLED_AFTER_MS` (the ack timeout, if that is longer) without any progress.
 * 5. `blocked`, ordered by key: events wait behind a parked one, or a dead letter holds its key for those to come.
 * 6. `lagging`: an event waits for longer than `LAGGING_AFTER_MS`.
 * 7. `idle`: nothing waits, and no member is connected to wait for it.
 * 8. `healthy`: everything else; a retry that holds nothing up, and dead letters without a key, are part of life.
 */
export function consumerStatus(facts: ConsumerFacts): { status: ConsumerStatus; why: string } {
  const { pause, head, members, parked } = facts;
  if (pause !== null) return { status: pause.kind === "halted" ? "halted" : "paused", why: pauseText(pause) };
  if (facts.failing !== null) return { status: "failing", why: failingText(facts.failing) };

  const lag = facts.topics.reduce((sum, it) => sum + it.lag, 0);
  const lagMs = Math.max(0, ...facts.topics.map((it) => it.lagMs));
  const isOrderedByTopic = facts.ordering === "topic";
  if (isOrderedByTopic && head !== null && parked.retrying + parked.dead > 0) {
    return { status: "blocked", why: headText(head, { parked, behind: lag, isOrderedByTopic }) };
  }
  if (parked.retrying + parked.dead >= MAX_SEQUENCES) return { status: "blocked", why: fullText(parked) };
  const stalled = stalledText(facts, { lag, lagMs });
  if (stalled !== null) return { status: "stalled", why: stalled };
  if (head !== null && parked.blocked + facts.deadWithKey > 0) {
    return { status: "blocked", why: headText(head, { parked, behind: head.behind, isOrderedByTopic }) };
  }
  if (lagMs > LAGGING_AFTER_MS) {
    return { status: "lagging", why: agedText(lag, lagMs) };
  }
  const left = parkedText(parked);
  if (members === 0) {
    const nobody = "no member is connected";
    if (lag > 0) return { status: "healthy", why: `${nobody}; ${agedText(lag, lagMs)}` };
    return { status: "idle", why: left === null ? `${nobody} and nothing waits` : `${nobody}; ${left}` };
  }
  const flow = lag === 0 ? "everything is settled" : agedText(lag, lagMs);
  return { status: "healthy", why: left === null ? flow : `${flow}; ${left}` };
}

const waitText = (count: number): string => `${eventsText(count)} ${count === 1 ? "waits" : "wait"}`;

function agedText(count: number, oldestMs: number): string {
  const age = durationText(oldestMs);
  return count === 1 ? `1 event has waited for ${age}` : `${eventsText(count)} wait, the oldest for ${age}`;
}

function pauseText({ kind, by, reason, until }: NonNullable<ConsumerFacts["pause"]>): string {
  if (kind === "halted") return `halted: ${reason}`;
  return `paused by ${by}${until === null ? "" : ` until ${until}`}: ${reason}`;
}

/** Enough of a message to know it by. */
const MAX_MESSAGE = 200;

function failingText({ since, error, nextProbeAt }: BreakerFacts): string {
  const next = nextProbeAt === null ? "one delivery is being tried" : `one delivery is tried at ${nextProbeAt}`;
  return `(nearly) every delivery has failed since ${since}${error === null ? "" : ` with ${errorText(error)}`}; ${next}`;
}

function errorText({ name, message }: { readonly name: string; readonly message: string }): string {
  return `${name}: ${message.length <= MAX_MESSAGE ? message : `${message.slice(0, MAX_MESSAGE)}…`}`;
}

function stalledText(facts: ConsumerFacts, { lag, lagMs }: { lag: number; lagMs: number }): string | null {
  const { members, connectedMs, ackTimeoutMs } = facts;
  if (members === 0) {
    if (lagMs <= LAGGING_AFTER_MS) return null;
    return `no member is connected; ${agedText(lag, lagMs)}`;
  }
  const boundMs = Math.max(STALLED_AFTER_MS, ackTimeoutMs);
  const still = facts.topics
    .filter((it) => it.lag > 0 && Math.min(it.lagMs, it.stillMs, connectedMs) > boundMs)
    .sort((a, b) => b.lag - a.lag)[0];
  if (still === undefined) return null;
  const connected = `${countText(members)} ${members === 1 ? "member is" : "members are"} connected`;
  const since = durationText(Math.min(still.stillMs, connectedMs));
  return `${connected} but nothing of ${still.topic} was settled for ${since}; ${waitText(still.lag)}`;
}

function headText(
  head: ParkedHeadFacts,
  more: { readonly parked: ConsumerFacts["parked"]; readonly behind: number; readonly isOrderedByTopic: boolean },
): string {
  const { topic, offset, key, attempt } = head;
  const who = key === null || more.isOrderedByTopic ? `event ${offset} of ${topic}` : `key ${key}`;
  const waits = more.behind === 0 ? "nothing waits behind it yet" : `${waitText(more.behind)} behind it`;
  const others = more.parked.retrying + more.parked.dead - 1;
  const failed = others > 0 ? `, and ${countText(others)} more ${others === 1 ? "has" : "have"} failed` : "";
  return `held up by ${who}: ${attemptText({ ...head, attempt })}; ${waits}${failed}`;
}

function fullText({ retrying, dead }: ConsumerFacts["parked"]): string {
  const most = countText(MAX_SEQUENCES);
  return `${countText(retrying + dead)} events have failed: a member with ${most} of them is given nothing new until some are redriven or discarded`;
}

/** How far a parked event has come: `attempt 3 of 5, next in 40 s`, or what kind of letter it is. */
export function attemptText(head: Omit<ParkedHeadFacts, "topic" | "offset" | "key" | "behind">): string {
  const { attempt, attemptsMax, dueInMs, errorName } = head;
  if (head.isDead) {
    const after = attempt === 0 ? "" : ` after ${countText(attempt)} ${attempt === 1 ? "attempt" : "attempts"}`;
    return `a dead letter${after}${errorName === null ? "" : ` (${errorName})`}`;
  }
  const next = dueInMs <= 0 ? "next now" : `next in ${durationText(Math.max(1_000, dueInMs))}`;
  return `attempt ${attempt} of ${attemptsMax}, ${next}`;
}

/** Parked events that hold nothing up. */
function parkedText({ retrying, dead }: ConsumerFacts["parked"]): string | null {
  const parts = [];
  if (retrying > 0) parts.push(`${eventsText(retrying)} will be tried again`);
  if (dead > 0) parts.push(`${countText(dead)} dead ${dead === 1 ? "letter is" : "letters are"} left`);
  return parts.length === 0 ? null : parts.join(", ");
}
