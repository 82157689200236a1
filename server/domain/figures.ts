import { type RetentionBounds, retentionExcess } from "./retention-excess.ts";

/** What the database knows of topics and consumers at one instant, as it is told to who measures. Ages in seconds. */
export interface Figures {
  readonly databaseBytes: number;
  readonly topics: readonly TopicFigures[];
  readonly consumers: readonly ConsumerFigures[];
  readonly subscriptions: readonly SubscriptionFigures[];
  readonly parked: readonly ParkedFigures[];
  readonly operations: readonly OperationFigures[];
  /** How many there are beyond the bounds. */
  readonly leftOut: {
    readonly topics: number;
    readonly consumers: number;
    readonly subscriptions: number;
    /** 1 = the bound is reached, and there may be more. */
    readonly parkedEvents: number;
  };
}

export interface TopicFigures {
  readonly topic: string;
  readonly head: number;
  readonly retained: number;
  readonly bytes: number;
  /** Bound of the bytes; null = none. */
  readonly maxBytes: number | null;
  /** The oldest event is due to go by the topic's bounds, and stays for a consumer that has not settled it. */
  readonly isHeldUp: boolean;
}

export interface ConsumerFigures {
  readonly id: number;
  readonly consumer: string;
  readonly members: number;
  readonly isPaused: boolean;
  readonly isHalted: boolean;
  readonly isBreakerOpen: boolean;
}

export interface SubscriptionFigures {
  readonly consumer: string;
  readonly topic: string;
  readonly lag: number;
  /** Events of the lag that pass the filter; null = not counted yet. */
  readonly matchingLag: number | null;
  readonly lagSeconds: number;
  readonly settled: number;
  readonly failed: number;
}

/** Events that wait or are lost for one consumer, without the replays under way. */
export interface ParkedFigures {
  readonly consumer: string;
  readonly topic: string;
  readonly counts: Readonly<Record<"retrying" | "dead" | "blocked" | "discarded", number>>;
  /** Of those that are not discarded. */
  readonly oldestSeconds: number;
}

/** Open operations of one consumer, kind and status. */
export interface OperationFigures {
  readonly consumer: string;
  readonly kind: "redrive" | "discard" | "restore" | "replay";
  readonly status: "queued" | "running" | "paused";
  readonly count: number;
  readonly total: number;
  readonly done: number;
  readonly failed: number;
}

/** The same as it is read, before anything is computed. */
export interface FigureFacts extends Omit<Figures, "topics" | "subscriptions"> {
  readonly topics: readonly TopicFacts[];
  readonly subscriptions: readonly SubscriptionFacts[];
}

export interface TopicFacts {
  readonly topic: string;
  readonly head: number;
  readonly tail: number;
  readonly bytes: number;
  readonly retention: RetentionBounds | null;
  /** Position of the slowest consumer; null = the topic has none, or no bounds. */
  readonly slowest: number | null;
  readonly oldestMs: number;
}

export interface SubscriptionFacts extends Omit<SubscriptionFigures, "matchingLag"> {
  readonly position: number;
  readonly isFiltered: boolean;
  /** Of a filtered subscription that lags. */
  readonly filter: {
    readonly types: readonly string[] | null;
    readonly keys: readonly string[] | null;
    readonly keyPrefix: string | null;
  } | null;
}

/** `matchingLagOf`: of a filtered subscription that lags; undefined = not counted yet. */
export function figuresOf(
  facts: FigureFacts,
  matchingLagOf: (subscription: SubscriptionFacts) => number | undefined,
): Figures {
  return {
    ...facts,
    topics: facts.topics.map(topicFigures),
    subscriptions: facts.subscriptions.map((it) => {
      const { consumer, topic, lag, lagSeconds, settled, failed, isFiltered } = it;
      const matchingLag = isFiltered && lag > 0 ? (matchingLagOf(it) ?? null) : lag;
      return { consumer, topic, lag, matchingLag, lagSeconds, settled, failed };
    }),
  };
}

function topicFigures({ topic, head, tail, bytes, retention, slowest, oldestMs }: TopicFacts): TopicFigures {
  const retained = head - tail + 1;
  const isWaitedFor = slowest !== null && slowest < tail;
  return {
    topic,
    head,
    retained,
    bytes,
    maxBytes: retention?.maxBytes ?? null,
    isHeldUp: isWaitedFor && retentionExcess(retention, { events: retained, bytes, oldestMs }) !== null,
  };
}
