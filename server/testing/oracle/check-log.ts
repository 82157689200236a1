import type { Answer, Intent, Sighting, Told } from "./entries.ts";
import type { Observation, ObservedTopic } from "./observe.ts";
import { Examination, type Finding } from "./verdict.ts";

/** I1 to I5 and I10: what producers and followers may rely on. */
export function checkLog(told: readonly Told[], observation: Observation): Finding[] {
  const log = new Log(observation.topics);
  const fates = fatesOf(told);
  return [
    acknowledged(fates, log),
    withoutGaps(observation.topics),
    refusedAndUnknown(fates, log),
    neverRewritten(told, observation.topics),
    inOrderOfSending(fates, log),
    followedWithoutGap(told),
  ];
}

/** Where each id stands, by topic; ids that stand twice have two places. */
class Log {
  readonly #places = new Map<string, Sighting[]>();
  readonly #firsts: ReadonlyMap<string, number>;

  constructor(topics: readonly ObservedTopic[]) {
    this.#firsts = new Map(topics.map((it) => [it.topic, it.firstAvailable]));
    for (const { events } of topics) {
      for (const event of events) {
        const name = nameOf(event);
        this.#places.set(name, [...(this.#places.get(name) ?? []), event]);
      }
    }
  }

  /** Topics that nobody looked at say nothing. */
  isObserved(topic: string): boolean {
    return this.#firsts.has(topic);
  }

  isExpired(topic: string, offset: number): boolean {
    return offset < (this.#firsts.get(topic) ?? 1);
  }

  placesOf(event: { readonly topic: string; readonly id: string }): readonly Sighting[] {
    return this.#places.get(nameOf(event)) ?? [];
  }
}

const nameOf = ({ topic, id }: { readonly topic: string; readonly id: string }) => `${topic}\n${id}`;

/** One event that somebody wanted stored, with all that was answered to its repeats. */
interface Fate {
  readonly intent: Intent & { readonly by: string };
  readonly ackedAt: readonly number[];
  readonly isRefusedAlways: boolean;
}

function fatesOf(told: readonly Told[]): readonly Fate[] {
  const intents = new Map<string, Intent & { readonly by: string }>();
  const tries = new Map<string, number>();
  const answers = new Map<string, Answer[]>();
  for (const it of told) {
    if (it.kind === "intent") {
      if (!intents.has(nameOf(it))) intents.set(nameOf(it), it);
      tries.set(nameOf(it), (tries.get(nameOf(it)) ?? 0) + 1);
    } else if (it.kind === "answer") answers.set(nameOf(it), [...(answers.get(nameOf(it)) ?? []), it]);
  }
  return [...intents].map(([name, intent]) => {
    const given = answers.get(name) ?? [];
    return {
      intent,
      ackedAt: given.flatMap((it) => (it.outcome === "acked" ? [it.offset] : [])),
      isRefusedAlways: given.length === tries.get(name) && given.every((it) => it.outcome === "refused"),
    };
  });
}

function acknowledged(fates: readonly Fate[], log: Log): Finding {
  const check = new Examination("I1");
  for (const { intent, ackedAt } of fates) {
    const [offset] = ackedAt;
    if (offset === undefined || !log.isObserved(intent.topic)) continue;
    check.holds(
      ackedAt.every((it) => it === offset),
      () => `${intent.id} was told two offsets: ${ackedAt.join(", ")}`,
    );
    if (log.isExpired(intent.topic, offset)) continue;
    const places = log.placesOf(intent);
    check.holds(
      places.length === 1 && places[0]?.offset === offset && places[0].hash === intent.hash,
      () => `${intent.id} was acknowledged at ${offset}; the log has it at ${JSON.stringify(places)}`,
    );
  }
  return check.finding;
}

function withoutGaps(topics: readonly ObservedTopic[]): Finding {
  const check = new Examination("I2");
  for (const { topic, events, firstAvailable, head } of topics) {
    for (const [index, { offset }] of events.entries()) {
      check.holds(
        offset === firstAvailable + index,
        () => `${topic}: ${offset} stands where ${firstAvailable + index} is`,
      );
    }
    const last = events.at(-1)?.offset ?? firstAvailable - 1;
    check.holds(last === head, () => `${topic}: the head is ${head}, the last event's offset ${last}`);
  }
  return check.finding;
}

function refusedAndUnknown(fates: readonly Fate[], log: Log): Finding {
  const check = new Examination("I3");
  for (const { intent, ackedAt, isRefusedAlways } of fates) {
    if (ackedAt.length > 0 || !log.isObserved(intent.topic)) continue;
    const found = log.placesOf(intent).length;
    check.holds(
      found <= (isRefusedAlways ? 0 : 1),
      () => `${intent.id} was ${isRefusedAlways ? "refused" : "left unknown"}, and is there ${found} times`,
    );
  }
  return check.finding;
}

function neverRewritten(told: readonly Told[], topics: readonly ObservedTopic[]): Finding {
  const check = new Examination("I4");
  const first = new Map<string, Sighting>();
  const see = (it: Sighting) => {
    const place = `${it.topic}/${it.offset}`;
    const before = first.get(place);
    if (before === undefined) first.set(place, it);
    else {
      check.holds(
        before.id === it.id && before.hash === it.hash,
        () => `${place} was ${before.id} (${before.hash}) and then ${it.id} (${it.hash})`,
      );
    }
  };
  for (const it of told) if (it.kind === "read" || it.kind === "received") see(it);
  for (const { events } of topics) for (const event of events) see(event);
  return check.finding;
}

function inOrderOfSending(fates: readonly Fate[], log: Log): Finding {
  const check = new Examination("I5");
  const last = new Map<string, { readonly id: string; readonly offset: number }>();
  for (const { intent, ackedAt } of fates) {
    const [offset] = ackedAt;
    // One that was given up without an answer may have been stored at any time after.
    if (offset === undefined || intent.key === null || !log.isObserved(intent.topic)) continue;
    const sequence = `${intent.by}\n${intent.topic}\n${intent.key}`;
    const before = last.get(sequence);
    if (before !== undefined) {
      check.holds(
        before.offset < offset,
        () => `${before.id} (${before.offset}) was sent before ${intent.id} (${offset})`,
      );
    }
    last.set(sequence, { id: intent.id, offset });
  }
  return check.finding;
}

function followedWithoutGap(told: readonly Told[]): Finding {
  const check = new Examination("I10");
  const next = new Map<string, number>();
  for (const it of told) {
    if (it.kind !== "followed" && it.kind !== "read" && it.kind !== "gap") continue;
    const follower = `${it.by}/${it.topic}`;
    if (it.kind === "followed") next.set(follower, it.after + 1);
    else if (it.kind === "gap") next.set(follower, it.firstAvailable);
    else {
      const wanted = next.get(follower);
      check.holds(wanted === it.offset, () => `${it.by} was given ${it.offset} when ${wanted} was next`);
      next.set(follower, it.offset + 1);
    }
  }
  return check.finding;
}
