import type { ConsumerDescription, ConsumerSummary } from "../../contract/consumers.ts";
import type { LiveMessage, LiveRequest } from "../../contract/live.ts";
import type { Operation } from "../../contract/operations.ts";
import type { TopicDescription } from "../../contract/topics.ts";
import type { May } from "../../domain/access.ts";
import { DomainError } from "../../domain/errors.ts";
import { changesBetween, type ListChanges } from "../../domain/list-changes.ts";
import { requireReadable } from "../../domain/readable-topics.ts";
import type { Services } from "../../services/services.ts";
import type { Live, LiveItem } from "../context.ts";
import { withReadable } from "../with-readable.ts";
import { createLatest, createLatestList, type Latest } from "./latest.ts";
import { Tail, type TailReader } from "./tail.ts";

export interface LiveOptions {
  readonly services: Pick<Services, "listTopics" | "listConsumers" | "describeConsumer" | "listOperations">;
  /** Joins the reader of a topic; throws `topic-not-found`. */
  readonly openReader: (topic: string) => Promise<TailReader>;
  readonly onError: (error: unknown) => void;
  readonly pollMs?: number;
  readonly tickMs?: number;
}

const POLL_MS = 1_000;
const TAIL_EVERY_MS = 250;
const TICK_EVERY_MS = 4_000;
/** An operation that ended is shown with its end; pages know those before. */
const RECENT_OPERATIONS = { recentMs: 60_000, limit: 100 };

/** `after@topic`, sent with every message, so that a tab that connects again goes on where its tail broke off. */
const RESUME = /^(\d{1,16})@(.+)$/;

export function resumeAfter(lastEventId: string | undefined, topic: string): number | null {
  const [, after, of] = RESUME.exec(lastEventId ?? "") ?? [];
  return after !== undefined && of === topic ? Number(after) : null;
}

export function createLive({
  services,
  openReader,
  onError,
  pollMs = POLL_MS,
  tickMs = TICK_EVERY_MS,
}: LiveOptions): Live {
  const every = { everyMs: pollMs, onError };
  const topics = createLatestList({ read: services.listTopics, nameOf: (it) => it.topic, ...every });
  const consumers = createLatestList({ read: () => services.listConsumers(), nameOf: (it) => it.consumer, ...every });
  const operations = createLatest({
    read: () => services.listOperations(RECENT_OPERATIONS),
    ...every,
  });
  // One reading per consumer that somebody looks at, shared by all who do; it is forgotten with the last of them.
  const details = new Map<string, { readonly latest: Latest<ConsumerDescription | null>; tabs: number }>();

  function detailOf(consumer: string): { latest: Latest<ConsumerDescription | null>; release: () => void } {
    const known = details.get(consumer);
    const detail = known ?? {
      latest: createLatest({ read: () => describeOrNull(services, consumer), ...every }),
      tabs: 0,
    };
    details.set(consumer, detail);
    detail.tabs += 1;
    return {
      latest: detail.latest,
      release: () => {
        detail.tabs -= 1;
        if (detail.tabs === 0) details.delete(consumer);
      },
    };
  }

  return {
    async *listen(request, { lastEventId, signal, may }) {
      // A consumer that is not for these eyes is told as one that is not there.
      const isConsumerShown = request.consumer !== undefined && may("read", { consumer: request.consumer });
      if (request.tail !== undefined) requireReadable(may, [request.tail.topic]);
      const bell = createBell();
      const stops: (() => void)[] = [];
      try {
        stops.push(onAbort(signal, bell.ring));
        const watched: Latest<unknown>[] = [];
        if (request.topics) watched.push(topics);
        if (request.consumers) watched.push(consumers);
        if (request.operations) watched.push(operations);
        let detail: Latest<ConsumerDescription | null> | null = null;
        if (request.consumer !== undefined && isConsumerShown) {
          const { latest, release } = detailOf(request.consumer);
          stops.push(release);
          detail = latest;
          watched.push(latest);
        }
        for (const it of watched) stops.push(it.listen(bell.ring));

        let tail: Tail | null = null;
        if (request.tail !== undefined) {
          const reader = await openReader(request.tail.topic);
          stops.push(() => reader.release(), reader.onAppend(bell.ring));
          tail = new Tail(reader, request.tail, resumeAfter(lastEventId, request.tail.topic) ?? request.tail.after);
        }
        yield* messages({ request, topics, consumers, detail, operations, watched, tail, tickMs, bell, signal, may });
      } finally {
        for (const stop of stops.reverse()) stop();
      }
    },
  };
}

interface Session {
  readonly request: LiveRequest;
  readonly topics: Latest<ReadonlyMap<string, TopicDescription>>;
  readonly consumers: Latest<ReadonlyMap<string, ConsumerSummary>>;
  readonly detail: Latest<ConsumerDescription | null> | null;
  readonly operations: Latest<readonly Operation[]>;
  readonly watched: readonly Latest<unknown>[];
  readonly tail: Tail | null;
  readonly tickMs: number;
  readonly bell: Bell;
  readonly signal: AbortSignal;
  readonly may: May;
}

/** Nothing queues up here: a tab that reads slowly is given the state as it is when it asks again. */
async function* messages(session: Session): AsyncGenerator<LiveItem> {
  const { request, topics, consumers, detail, operations, watched, tail, tickMs, bell, signal, may } = session;
  const sent = { detail: 0, operations: 0 };
  const topicChanges = createChangeFeed(topics, createTopicSight(may));
  const consumerChanges = createChangeFeed(consumers, (row) => (may("read", { consumer: row.consumer }) ? row : null));
  let lastMessageMs = Date.now();
  let tailNotBeforeMs = 0;
  const item = (message: LiveMessage): LiveItem => {
    lastMessageMs = Date.now();
    return { id: tail === null ? "-" : `${tail.cursor}@${request.tail?.topic}`, message };
  };

  while (!signal.aborted) {
    const ofTopics = request.topics ? topicChanges() : null;
    if (ofTopics !== null) {
      const { rows, ...changes } = ofTopics;
      yield item({ kind: "topics", topics: rows, ...changes });
    }
    const ofConsumers = request.consumers ? consumerChanges() : null;
    if (ofConsumers !== null) {
      const { rows, ...changes } = ofConsumers;
      yield item({ kind: "consumers", consumers: rows, ...changes });
    }
    if (request.consumer !== undefined && detail === null && sent.detail === 0) {
      sent.detail = 1;
      yield item({ kind: "consumer", at: new Date().toISOString(), consumer: null });
    }
    if (detail !== null && detail.snapshot !== null && detail.snapshot.version !== sent.detail) {
      sent.detail = detail.snapshot.version;
      yield item({ kind: "consumer", at: detail.snapshot.at, consumer: detail.snapshot.value });
    }
    if (request.operations && operations.snapshot !== null && operations.snapshot.version !== sent.operations) {
      sent.operations = operations.snapshot.version;
      const { at, value } = operations.snapshot;
      yield item({ kind: "operations", at, operations: value.filter((it) => may("read", { consumer: it.consumer })) });
    }
    if (tail?.isBehind === true && Date.now() >= tailNotBeforeMs) {
      tailNotBeforeMs = Date.now() + TAIL_EVERY_MS;
      const { events, dropped } = await tail.step();
      if (events.length > 0 || dropped > 0) {
        const at = new Date().toISOString();
        yield item({ kind: "events", at, topic: request.tail?.topic ?? "", events, dropped });
      }
    }
    // No tick while the readings fail: a page must be able to see that what it shows grows old.
    if (Date.now() - lastMessageMs >= tickMs && !watched.some((it) => it.isFailing)) {
      yield item({ kind: "tick", at: new Date().toISOString() });
    }
    if (tail?.isBehind === true) await bell.pause(Math.max(1, tailNotBeforeMs - Date.now()), signal);
    else await bell.wait(Math.max(tickMs - (Date.now() - lastMessageMs), TAIL_EVERY_MS));
  }
}

async function describeOrNull(
  services: Pick<Services, "describeConsumer">,
  consumer: string,
): Promise<ConsumerDescription | null> {
  try {
    return await services.describeConsumer({ consumer });
  } catch (error) {
    if (error instanceof DomainError && error.code === "consumer-not-found") return null;
    throw error;
  }
}

/** News of a list for one tab: everything at first, then the changes; null = nothing. */
function createChangeFeed<Row>(
  latest: Latest<ReadonlyMap<string, Row>>,
  /** The row as the person may see it; null = not at all. */
  shownOf: (row: Row) => Row | null,
): () => (ListChanges<Row> & { readonly at: string; readonly isWhole: boolean }) | null {
  let read: ReadonlyMap<string, Row> | null = null;
  let told: ReadonlyMap<string, Row> | null = null;
  return () => {
    const { snapshot } = latest;
    if (snapshot === null || snapshot.value === read) return null;
    read = snapshot.value;
    const shown = new Map<string, Row>();
    for (const [name, row] of snapshot.value) {
      const it = shownOf(row);
      if (it !== null) shown.set(name, it);
    }
    const changes = changesBetween(told ?? new Map(), shown);
    const isWhole = told === null;
    told = shown;
    if (!isWhole && changes.rows.length === 0 && changes.removed.length === 0) return null;
    return { ...changes, at: snapshot.at, isWhole };
  };
}

/** Topics as a person may see them. What is the same row twice is the same object twice: changes are told by that. */
function createTopicSight(may: May): (row: TopicDescription) => TopicDescription | null {
  const shown = new WeakMap<TopicDescription, TopicDescription>();
  return (row) => {
    if (!may("read", { topic: row.topic })) return null;
    const known = shown.get(row) ?? withReadable(row, may);
    shown.set(row, known);
    return known;
  };
}

function onAbort(signal: AbortSignal, listener: () => void): () => void {
  signal.addEventListener("abort", listener, { once: true });
  return () => signal.removeEventListener("abort", listener);
}

interface Bell {
  readonly ring: () => void;
  wait(ms: number): Promise<void>;
  pause(ms: number, signal: AbortSignal): Promise<void>;
}

/** Waits for a ring or a time, whichever comes first; a ring that nobody waited for is not lost. */
function createBell(): Bell {
  let hasRung = false;
  let wake: (() => void) | null = null;

  function sleep(ms: number, isWoken: () => boolean): Promise<void> {
    if (isWoken()) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(done, ms);
      function done() {
        clearTimeout(timer);
        wake = null;
        resolve();
      }
      wake = () => isWoken() && done();
    });
  }

  return {
    ring: (): void => {
      hasRung = true;
      wake?.();
    },
    async wait(ms: number): Promise<void> {
      await sleep(ms, () => hasRung);
      hasRung = false;
    },
    /** Waits the whole time, whoever rings, unless the signal fires. */
    pause: (ms: number, signal: AbortSignal): Promise<void> => sleep(ms, () => signal.aborted),
  };
}
