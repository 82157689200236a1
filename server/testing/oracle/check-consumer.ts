import type { Told } from "./entries.ts";
import type { Observation, ObservedConsumer } from "./observe.ts";
import { Examination, type Finding } from "./verdict.ts";

/** How members of a fault test fold: per key a count and the last offset, by `increment` and by `set`. */
export const COUNT = "count/";
export const LAST = "last/";

/** I6 to I9: what the members of a consumer may rely on. */
export function checkConsumers(told: readonly Told[], observation: Observation): Finding[] {
  return [
    positions(told, observation),
    folded(told, observation),
    oneEpochAtATime(told),
    inOrderOfKeys(told, observation),
  ];
}

type Of<Kind extends Told["kind"]> = Extract<Told, { kind: Kind }>;

function ofKind<Kind extends Told["kind"]>(told: readonly Told[], kind: Kind): Of<Kind>[] {
  return told.filter((it): it is Of<Kind> => it.kind === kind);
}

function parkedOffsets({ parked, topic }: ObservedConsumer): ReadonlySet<number> {
  return new Set(parked.filter((it) => it.topic === topic).map((it) => it.offset));
}

function positions(told: readonly Told[], { topics, consumers }: Observation): Finding {
  const check = new Examination("I6");
  const seen = new Map<string, number>();
  for (const it of told) {
    // Where a position was moved by an operator, it begins anew.
    if (it.kind === "moved") for (const name of seen.keys()) if (name.startsWith(`${it.consumer}/`)) seen.delete(name);
    if (it.kind !== "positioned") continue;
    const name = `${it.consumer}/${it.topic}`;
    const before = seen.get(name) ?? 0;
    check.holds(it.position >= before, () => `${name} went back from ${before} to ${it.position}`);
    seen.set(name, it.position);
  }
  for (const it of consumers) {
    const { consumer, topic, position, account } = it;
    const before = seen.get(`${consumer}/${topic}`) ?? 0;
    check.holds(position >= before, () => `${consumer}/${topic} went back from ${before} to ${position}`);
    check.holds(
      account.total === account.head,
      () => `${consumer}: the account holds ${account.total} of ${account.head}`,
    );
    const parked = parkedOffsets(it);
    const handled = new Set(
      ofKind(told, "handled").flatMap((one) => (one.consumer === consumer && one.topic === topic ? [one.offset] : [])),
    );
    if (handled.size === 0) continue;
    for (const { offset } of topics.find((one) => one.topic === topic)?.events ?? []) {
      if (offset > position) break;
      check.holds(
        handled.has(offset) || parked.has(offset),
        () => `${consumer} passed ${offset}, which nobody handled`,
      );
    }
  }
  return check.finding;
}

/** Judged where a consumer has settled all that it can: before that the API does not say which events those are. */
function folded(told: readonly Told[], { topics, consumers }: Observation): Finding {
  const check = new Examination("I7");
  const moved = new Set(ofKind(told, "moved").map((it) => it.consumer));
  for (const it of consumers) {
    const { consumer, topic, state, account } = it;
    if (moved.has(consumer) || state.length === 0) continue;
    const isCalm = account.pending.count === 0 && account.inFlight.count === 0;
    if (!isCalm) continue;
    const parked = parkedOffsets(it);
    const wanted = new Map<string, { count: number; last: number }>();
    for (const { key, offset } of topics.find((one) => one.topic === topic)?.events ?? []) {
      if (parked.has(offset)) continue;
      wanted.set(key ?? "", { count: (wanted.get(key ?? "")?.count ?? 0) + 1, last: offset });
    }
    const entries = new Map(state.map((entry) => [entry.key, entry]));
    for (const [key, { count, last }] of wanted) {
      for (const [name, value] of [
        [`${COUNT}${key}`, count],
        [`${LAST}${key}`, last],
      ] as const) {
        const entry = entries.get(name);
        check.holds(
          entry?.value === value && entry.version === count,
          () => `${consumer}: ${name} is ${JSON.stringify(entry)}, not ${value} in version ${count}`,
        );
      }
    }
  }
  return check.finding;
}

function oneEpochAtATime(told: readonly Told[]): Finding {
  const check = new Examination("I8");
  /** Who has an epoch of a partition. Sessions, and with them epochs, belong to one member. */
  const holders = new Map<string, string>();
  /** The highest epoch that anybody was given, and since when. */
  const highest = new Map<string, { readonly epoch: number; readonly at: number }>();
  /** Since when each place was being settled: a repeat of what was committed is no second commit. */
  const begun = new Map<string, number>();
  const open = new Map<string, Of<"settling">>();
  const claims: { readonly partition: string; readonly epoch: number; readonly at: number }[] = [];
  for (const it of told) {
    if (it.kind === "received") {
      const partition = `${it.consumer}/${it.partition}`;
      const lease = `${partition}/${it.epoch}`;
      const holder = holders.get(lease) ?? it.by;
      holders.set(lease, holder);
      check.holds(holder === it.by, () => `epoch ${it.epoch} of ${partition} was ${holder}'s and ${it.by}'s`);
      if (it.epoch > (highest.get(partition)?.epoch ?? 0)) {
        highest.set(partition, { epoch: it.epoch, at: it.at });
        claims.push({ partition, epoch: it.epoch, at: it.at });
      }
    } else if (it.kind === "settling") {
      open.set(`${it.by}/${it.request}`, it);
      for (const place of it.places) {
        const name = placeName(it.consumer, place);
        if (!begun.has(name)) begun.set(name, it.at);
      }
    } else if (it.kind === "settled" && it.status === 200) {
      const request = open.get(`${it.by}/${it.request}`);
      for (const place of request?.places ?? []) {
        const partition = `${it.consumer}/${place.partition}`;
        const since = begun.get(placeName(it.consumer, place)) ?? it.at;
        const newer = claims.find((one) => one.partition === partition && one.epoch > place.epoch && one.at < since);
        check.holds(
          newer === undefined,
          () =>
            `${it.by} settled ${place.offset} of ${partition} under ${place.epoch}, after ${newer?.epoch} was given out`,
        );
      }
    }
  }
  return check.finding;
}

function placeName(consumer: string, place: { topic: string; partition: number; epoch: number; offset: number }) {
  return `${consumer}/${place.topic}/${place.partition}/${place.epoch}/${place.offset}`;
}

function inOrderOfKeys(told: readonly Told[], { consumers }: Observation): Finding {
  const check = new Examination("I9");
  const moved = new Set(ofKind(told, "moved").map((it) => it.consumer));
  /** The first dead letter of each sequence. */
  const dead = new Map<string, number>();
  for (const { consumer, parked } of consumers) {
    for (const { topic, key, offset, state } of parked) {
      const sequence = `${consumer}/${topic}/${key}`;
      if (state === "dead") dead.set(sequence, Math.min(offset, dead.get(sequence) ?? offset));
    }
  }
  const last = new Map<string, number>();
  const known = new Set<string>();
  for (const it of ofKind(told, "handled")) {
    if (it.key === null || moved.has(it.consumer)) continue;
    const sequence = `${it.consumer}/${it.topic}/${it.key}`;
    const letter = dead.get(sequence);
    if (letter !== undefined) {
      check.holds(
        it.offset < letter,
        () => `${sequence}: ${it.offset} was handled by ${it.by} although ${letter} is dead`,
      );
    }
    // Repeats are for another place to judge; what counts is who came first.
    if (known.has(`${sequence}/${it.offset}`)) continue;
    known.add(`${sequence}/${it.offset}`);
    const before = last.get(sequence) ?? 0;
    check.holds(it.offset > before, () => `${sequence}: ${it.offset} was handled by ${it.by} after ${before}`);
    last.set(sequence, it.offset);
  }
  return check.finding;
}
