import type { Job } from "./job.ts";
import type { PendingState } from "./pending-state.ts";
import type { CloudEvent } from "./wire.ts";

/** The consumer's state as one handler run sees it. Changes are committed together with the event's ack, or not at all. */
export interface EventState {
  /** The value of a key: what this handler wrote, else what earlier events of this member wrote, else what is stored. */
  get<Value = unknown>(key: string): Promise<Value | undefined>;
  set(key: string, value: unknown): void;
  delete(key: string): void;
  /**
   * Makes a new value out of the one there is, whoever else writes the entry, here or at another member: no update is
   * lost. `f` runs again when somebody was faster, so it does nothing else, is not async, and what decides about the
   * event is decided in it: what it throws fails the event. Returns the value as things stand; what is committed may have
   * been made of a newer one. `undefined` = the entry is absent.
   */
  update<Value = unknown>(key: string, f: (value: Value | undefined) => Value): Promise<Value>;
  /** Adds to a number, exactly within 2^53; an absent entry counts as 0. Cheaper than `update`: nothing is read. */
  increment(key: string, by?: number): void;
}

/** The event and its surroundings, as a handler is given them. */
export interface EventContext<Data = unknown> {
  readonly event: CloudEvent<Data>;
  /** The event's key; null when it has none. */
  readonly key: string | null;
  readonly offset: number;
  readonly topic: string;
  /** 1 at the first try; counted by the server, across members and restarts. */
  readonly attempt: number;
  /** True when the event was settled before: an operator moved the position back over it, or replays it. */
  readonly replay: boolean;
  /** The operator's redrive or replay it comes for; null for the ordinary flow. */
  readonly operation: string | null;
  /**
   * Aborts when the outcome no longer counts: the partition went to somebody else, an earlier event of the key has
   * failed meanwhile, or time to finish ran out.
   */
  readonly signal: AbortSignal;
  readonly state: EventState;
}

/** A class with getters, not an object literal: signal and state cost nothing to the handlers that use neither. */
export class JobContext implements EventContext {
  readonly #job: Job;
  readonly #pending: PendingState;

  constructor(job: Job, pending: PendingState) {
    this.#job = job;
    this.#pending = pending;
  }

  get event(): CloudEvent {
    return this.#job.received.event;
  }
  get key(): string | null {
    return this.#job.received.key;
  }
  get offset(): number {
    return this.#job.delivery.offset;
  }
  get topic(): string {
    return this.#job.delivery.topic;
  }
  get attempt(): number {
    return this.#job.delivery.attempt;
  }
  get replay(): boolean {
    return this.#job.delivery.replay;
  }
  get operation(): string | null {
    return this.#job.delivery.operation ?? null;
  }
  get signal(): AbortSignal {
    this.#job.abort ??= new AbortController();
    if (this.#job.status === "dropped") this.#job.abort.abort();
    return this.#job.abort.signal;
  }
  get state(): EventState {
    return {
      get: <Value>(key: string) => this.#pending.get<Value>(this.#job, key, this.signal),
      set: (key, value) => this.#pending.set(this.#writable(), key, value),
      delete: (key) => this.#pending.delete(this.#writable(), key),
      update: async <Value>(key: string, f: (value: Value | undefined) => Value) => {
        const step = (value: unknown) => f(value as Value | undefined);
        return this.#pending.update<Value>(this.#writable(), key, { step, signal: this.signal });
      },
      increment: (key, by = 1) => this.#pending.increment(this.#writable(), key, by),
    };
  }

  /** A write after the ack would be lost without a word. */
  #writable(): Job {
    if (this.#job.status === "waiting") return this.#job;
    throw new Error("state was changed after the handler had finished");
  }
}
