import type { PublishResult } from "../../contract/events.ts";
import type { AppendRequest } from "../../domain/append-plan.ts";
import { DomainError } from "../../domain/errors.ts";
import type { NewEvent } from "../../domain/new-event.ts";
import type { Database } from "../../store/database.ts";
import { payloadBytes } from "../../store/topics/event-append.ts";
import { databaseUnavailable } from "../database-unavailable.ts";
import type { Wakeups } from "../wakeups.ts";
import { commitAppends, type Outcome } from "./append-commit.ts";
import type { CommittedBatch } from "./log.ts";

/** Appends by group commit: what queues up for a topic during one flush is the next flush. */
export interface Appender {
  /**
   * Resolves once the events are committed. Fails with `unexpected-offset` (facts.actual: per key, the actual offset),
   * `queue-full`, `database-unavailable` (the outcome is unknown: repeat with the same ids), `shutting-down`.
   */
  append(topicId: number, request: AppendRequest<NewEvent>): Promise<PublishResult>;
  /** Events that wait for a flush, of all topics. */
  queuedEvents(): number;
  /** Refuses new requests and finishes those that are queued. */
  close(): Promise<void>;
}

export interface AppenderOptions {
  readonly wakeups: Pick<Wakeups, "announce">;
  /** Hears of every commit, in order per topic, before its callers are answered. */
  readonly onCommitted: (batch: CommittedBatch) => void;
  readonly onError: (error: Error) => void;
  /** Hears of every flush that failed because the database was away. */
  readonly onUnavailable?: () => void;
  /** Bounds of one flush. Beyond 1,000 events a flush gains no throughput and only makes its callers wait. */
  readonly maxFlushEvents?: number;
  readonly maxFlushBytes?: number;
  /** Bounds of one topic's queue; beyond them requests are refused with `queue-full`. */
  readonly maxQueuedEvents?: number;
  readonly maxQueuedBytes?: number;
}

interface Queued {
  readonly request: AppendRequest<NewEvent>;
  readonly bytes: number;
  readonly answer: (outcome: Outcome) => void;
}

export function createAppender(database: Database, options: AppenderOptions): Appender {
  const queues = new Map<number, TopicQueue>();
  let isClosing = false;

  return {
    append(topicId, request) {
      if (isClosing) return Promise.reject(new DomainError("shutting-down", "the server is stopping"));
      let queue = queues.get(topicId);
      if (queue === undefined) {
        queue = new TopicQueue(topicId, database, options, () => queues.delete(topicId));
        queues.set(topicId, queue);
      }
      return queue.append(request);
    },
    queuedEvents() {
      let sum = 0;
      for (const queue of queues.values()) sum += queue.events;
      return sum;
    },
    async close() {
      isClosing = true;
      await Promise.all([...queues.values()].map((queue) => queue.whenEmpty()));
    },
  };
}

class TopicQueue {
  readonly #limits: Required<Pick<AppenderOptions, `max${string}` & keyof AppenderOptions>>;
  #waiting: Queued[] = [];
  #events = 0;
  #bytes = 0;
  #running: Promise<void> | null = null;

  constructor(
    private readonly topicId: number,
    private readonly database: Database,
    private readonly options: AppenderOptions,
    private readonly onEmpty: () => void,
  ) {
    this.#limits = {
      maxFlushEvents: options.maxFlushEvents ?? 1_000,
      maxFlushBytes: options.maxFlushBytes ?? 8 * 1024 * 1024,
      maxQueuedEvents: options.maxQueuedEvents ?? 100_000,
      maxQueuedBytes: options.maxQueuedBytes ?? 64 * 1024 * 1024,
    };
  }

  append(request: AppendRequest<NewEvent>): Promise<PublishResult> {
    const bytes = request.events.reduce((sum, event) => sum + payloadBytes(event), 0);
    if (
      this.#waiting.length > 0 &&
      (this.#events + request.events.length > this.#limits.maxQueuedEvents ||
        this.#bytes + bytes > this.#limits.maxQueuedBytes)
    ) {
      const message = "too many events wait to be appended to this topic";
      return Promise.reject(new DomainError("queue-full", message, { retryAfterSeconds: 1 }));
    }
    this.#events += request.events.length;
    this.#bytes += bytes;
    return new Promise((resolve, reject) => {
      this.#waiting.push({ request, bytes, answer: (outcome) => settle(outcome, resolve, reject) });
      this.#running ??= this.#run();
    });
  }

  get events(): number {
    return this.#events;
  }

  async whenEmpty(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#take();
      const outcomes = await this.#commit(batch.map(({ request }) => request));
      batch.forEach(({ answer }, index) => {
        answer(outcomes[index] ?? { error: new DomainError("internal", "an append got no outcome") });
      });
      if (outcomes.some(isDatabaseUnavailable)) {
        this.options.onUnavailable?.();
        this.#refuseWaiting();
      }
    }
    this.#running = null;
    this.onEmpty();
  }

  #take(): Queued[] {
    let events = 0;
    let bytes = 0;
    let count = 0;
    for (const queued of this.#waiting) {
      events += queued.request.events.length;
      bytes += queued.bytes;
      if (count > 0 && (events > this.#limits.maxFlushEvents || bytes > this.#limits.maxFlushBytes)) break;
      count += 1;
    }
    return this.#remove(count);
  }

  #remove(count: number): Queued[] {
    const removed = this.#waiting.splice(0, count);
    for (const { request, bytes } of removed) {
      this.#events -= request.events.length;
      this.#bytes -= bytes;
    }
    return removed;
  }

  async #commit(requests: AppendRequest<NewEvent>[]): Promise<readonly Outcome[]> {
    const { outcomes, committed } = await commitAppends(this.database.pool, this.topicId, requests);
    for (const outcome of outcomes) {
      if ("error" in outcome && !(outcome.error instanceof DomainError)) this.options.onError(outcome.error);
    }
    try {
      for (const batch of committed) this.options.onCommitted(batch);
      if (committed.length > 0) this.options.wakeups.announce(`topic:${this.topicId}`);
    } catch (error) {
      // Committed events are committed, whatever their readers make of them.
      this.options.onError(error as Error);
    }
    return outcomes;
  }

  // Requests behind a flush that found the database away were not sent, and would each wait for the same answer.
  #refuseWaiting(): void {
    for (const { answer } of this.#remove(this.#waiting.length)) answer({ error: databaseUnavailable() });
  }
}

function settle(outcome: Outcome, resolve: (result: PublishResult) => void, reject: (error: Error) => void): void {
  if ("error" in outcome) reject(outcome.error);
  else resolve(outcome.result);
}

function isDatabaseUnavailable(outcome: Outcome): boolean {
  return "error" in outcome && outcome.error instanceof DomainError && outcome.error.code === "database-unavailable";
}
