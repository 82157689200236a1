import { setTimeout as delay } from "node:timers/promises";
import type { Account } from "../../contract/account.ts";
import type { ConsumerDescription } from "../../contract/consumers.ts";
import type { CloudEvent } from "../../contract/events.ts";
import type { ParkedEvent } from "../../contract/parked.ts";
import type { StateEntry } from "../../contract/state.ts";
import { ask, type Target } from "../publish-load.ts";
import { type Sighting, sightingOf } from "./entries.ts";

/** What the API says once the fault is over. */
export interface Observation {
  readonly topics: readonly ObservedTopic[];
  readonly consumers: readonly ObservedConsumer[];
}

export interface ObservedTopic {
  readonly topic: string;
  /** The first offset that retention has left. */
  readonly firstAvailable: number;
  readonly head: number;
  readonly events: readonly Sighting[];
}

export interface ObservedConsumer {
  readonly consumer: string;
  readonly topic: string;
  readonly position: number;
  readonly account: Account;
  readonly parked: readonly Pick<ParkedEvent, "topic" | "offset" | "key" | "state">[];
  readonly state: readonly Pick<StateEntry, "key" | "value" | "version">[];
}

export interface Observed {
  readonly topics: readonly string[];
  readonly consumers: readonly { readonly consumer: string; readonly topic: string }[];
}

export async function observe(target: Target, { topics, consumers }: Observed): Promise<Observation> {
  return {
    topics: await inTurn(topics, (topic) => observeTopic(target, topic)),
    consumers: await inTurn(consumers, (it) => observeConsumer(target, it)),
  };
}

async function observeTopic(target: Target, topic: string): Promise<ObservedTopic> {
  const { head, tail } = await get<{ head: number; tail: number }>(target, `/v1/topics/${topic}`);
  const events: Sighting[] = [];
  for (let after: number | null = tail - 1; after !== null; ) {
    const path = `/v1/topics/${topic}/events?after=${after}&limit=1000`;
    const page: { events: CloudEvent[]; next: number | null } = await get(target, path);
    events.push(...page.events.map(sightingOf));
    after = page.next;
  }
  return { topic, firstAvailable: tail, head, events };
}

async function observeConsumer(
  target: Target,
  { consumer, topic }: { readonly consumer: string; readonly topic: string },
): Promise<ObservedConsumer> {
  const at = `/v1/consumers/${consumer}`;
  const description = await get<ConsumerDescription>(target, at);
  const { accounts } = await get<{ accounts: Account[] }>(target, `${at}/account?topic=${topic}`);
  const position = description.topics.find((it) => it.topic === topic)?.position;
  const [account] = accounts;
  if (position === undefined || account === undefined) throw new Error(`'${consumer}' knows nothing of '${topic}'`);
  const parked: ParkedEvent[] = [];
  // Discarded ones are listed only when asked for.
  for (const state of ["", "&state=discarded"]) {
    for await (const page of pages<{ events: ParkedEvent[]; next: string | null }>(
      target,
      `${at}/parked?topic=${topic}${state}`,
    )) {
      parked.push(...page.events);
    }
  }
  const state: StateEntry[] = [];
  for await (const page of pages<{ entries: StateEntry[]; next: string | null }>(target, `${at}/state?limit=100`)) {
    state.push(...page.entries);
  }
  return { consumer, topic, position, account, parked, state };
}

async function* pages<Page extends { readonly next: string | null }>(target: Target, path: string) {
  for (let after: string | null = ""; after !== null; ) {
    const page: Page = await get(target, after === "" ? path : `${path}&after=${encodeURIComponent(after)}`);
    yield page;
    after = page.next;
  }
}

/** Asks again for a while: an instance may just have been killed, and a database just have come back. */
export async function get<Body>(target: Target, path: string): Promise<Body> {
  for (const until = Date.now() + 30_000; ; await delay(200)) {
    let said: string;
    try {
      const answer = await ask(target, path, { signal: AbortSignal.timeout(30_000) });
      if (answer.ok) return (await answer.json()) as Body;
      said = `${answer.status}: ${await answer.text()}`;
    } catch (error) {
      said = String(error);
    }
    if (Date.now() > until) throw new Error(`${path}: ${said}`);
  }
}

async function inTurn<Item, Result>(items: readonly Item[], work: (item: Item) => Promise<Result>): Promise<Result[]> {
  const results: Result[] = [];
  for (const item of items) results.push(await work(item));
  return results;
}
