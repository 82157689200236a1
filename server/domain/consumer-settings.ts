import type { Breaker } from "./breaker.ts";
import type { RetryRules } from "./retry-policy.ts";

export type Start = "earliest" | "latest" | { readonly offset: number } | { readonly time: string };

/** One topic as a consumer reads it; null = no such filter. */
export interface TopicSettings {
  readonly topic: string;
  readonly types: readonly string[] | null;
  readonly keys: readonly string[] | null;
  readonly keyPrefix: string | null;
  readonly liveOnly: readonly string[] | null;
  readonly start: Start;
}

/** How a consumer is declared, with nothing left out. */
export interface ConsumerSettings {
  readonly topics: readonly TopicSettings[];
  readonly partitions: number;
  readonly ordering: "key" | "topic";
  readonly retry: RetryRules;
  /** Null = off. */
  readonly breaker: Breaker | null;
  readonly maxInFlight: number;
  readonly ackTimeoutMs: number;
  readonly reconnectGraceMs: number;
}

const RETRY: RetryRules = {
  maxAttempts: 5,
  backoff: { initialMs: 1_000, factor: 2, maxMs: 300_000, jitter: 0.2 },
  permanentErrors: [],
};
const BREAKER: Breaker = {
  failureShare: 0.9,
  minSettlements: 20,
  windowMs: 30_000,
  probeMinMs: 5_000,
  probeMaxMs: 300_000,
};
/** Of a consumer of which nothing is said. */
export const CONSUMER_DEFAULTS: ConsumerSettings = {
  topics: [],
  partitions: 1,
  ordering: "key",
  retry: RETRY,
  breaker: BREAKER,
  maxInFlight: 256,
  ackTimeoutMs: 30_000,
  reconnectGraceMs: 5_000,
};

/** A declaration's settings: undefined = as it is, null = the default. */
type Changes<Of> = { readonly [Key in keyof Of]?: Of[Key] | null | undefined };
export interface SettingChanges extends Changes<Omit<ConsumerSettings, "topics" | "retry" | "breaker">> {
  /** All of them. */
  readonly topics?: readonly TopicChanges[] | undefined;
  readonly retry?: Changes<RetryRules> | null | undefined;
  /** Null = off. */
  readonly breaker?: Changes<Breaker> | null | undefined;
}
type TopicChanges = Changes<Omit<TopicSettings, "topic">> & Pick<TopicSettings, "topic">;

/** The settings after a declaration: what it names is changed, and nothing else. */
export function applyChanges(before: ConsumerSettings, changes: SettingChanges): ConsumerSettings {
  const { topics, retry, breaker, ...plain } = changes;
  return {
    ...withChanges(before, CONSUMER_DEFAULTS, plain),
    topics: topics === undefined ? before.topics : topics.map((it) => topicAfter(before, it)),
    retry: retry === null ? RETRY : withChanges(before.retry, RETRY, retry ?? {}),
    breaker: breakerAfter(before.breaker, breaker),
  };
}

function withChanges<Of extends object>(before: Of, defaults: Of, changes: Changes<Of>): Of {
  const changed: Partial<Of> = {};
  for (const name of Object.keys(changes) as (keyof Of)[]) {
    const value = changes[name];
    if (value !== undefined) changed[name] = value === null ? defaults[name] : (value as Of[keyof Of]);
  }
  return { ...before, ...changed };
}

function topicAfter(before: ConsumerSettings, { topic, ...changes }: TopicChanges): TopicSettings {
  const fresh: TopicSettings = { topic, types: null, keys: null, keyPrefix: null, liveOnly: null, start: "earliest" };
  const known = before.topics.find((it) => it.topic === topic) ?? fresh;
  const after = withChanges(known, fresh, changes);
  // A consumer has keys or a prefix of keys: the one that is named takes the place of the other.
  if (changes.keys != null) return { ...after, keyPrefix: null };
  if (changes.keyPrefix != null) return { ...after, keys: null };
  return after;
}

function breakerAfter(before: Breaker | null, changes: SettingChanges["breaker"]): Breaker | null {
  if (changes === undefined) return before;
  return changes === null ? null : withChanges(before ?? BREAKER, BREAKER, changes);
}

/** The names of the settings that differ. The order of topics says nothing. */
export function changedSettings(before: ConsumerSettings, after: ConsumerSettings): string[] {
  const names = Object.keys(CONSUMER_DEFAULTS) as (keyof ConsumerSettings)[];
  return names.filter((name) => canonical(before, name) !== canonical(after, name));
}

function canonical(settings: ConsumerSettings, name: keyof ConsumerSettings): string {
  const value = name === "topics" ? [...settings.topics].sort((a, b) => (a.topic < b.topic ? -1 : 1)) : settings[name];
  return JSON.stringify(value, (_, it: unknown) =>
    typeof it === "object" && it !== null && !Array.isArray(it)
      ? Object.fromEntries(Object.entries(it).sort(([a], [b]) => (a < b ? -1 : 1)))
      : it,
  );
}
