import type { EventRow } from "@/server/contract/events.ts";
import type { LiveMessage, LiveRequest } from "@/server/contract/live.ts";

export type TailRequest = NonNullable<LiveRequest["tail"]>;

export interface LiveStatus {
  readonly state: "connecting" | "live" | "stale";
  /** When the last message came, by this browser's clock; 0 = never yet. */
  readonly lastMessageMs: number;
}

interface Subscription {
  unsubscribe(): void;
}

/** Opens the one stream of this tab; the transport reconnects by itself and says so. */
export type OpenLive = (
  request: LiveRequest,
  on: { message(message: LiveMessage): void; connected(): void; lost(): void; ended(): void },
) => Subscription;

/** The server sends something at least every 5 s; three missed ones are no longer chance. */
const STALE_MS = 15_000;
const REOPEN_MS = 2_000;

/**
 * The live stream as an outside system: one per tab, whoever listens. A tail is one more wish on the same stream, so
 * setting it opens the stream anew.
 */
export class LiveConnection {
  readonly #open: OpenLive;
  readonly #onMessage: (message: LiveMessage) => void;
  readonly #listeners = new Set<() => void>();
  #status: LiveStatus = { state: "connecting", lastMessageMs: 0 };
  #subscription: Subscription | null = null;
  #tail: { request: TailRequest; onEvents: (events: readonly EventRow[], dropped: number) => void } | null = null;
  #consumer: string | null = null;
  #watch: ReturnType<typeof setInterval> | undefined;
  #reopen: ReturnType<typeof setTimeout> | undefined;

  constructor(open: OpenLive, onMessage: (message: LiveMessage) => void) {
    this.#open = open;
    this.#onMessage = onMessage;
  }

  start(): () => void {
    this.#connect();
    this.#watch = setInterval(() => {
      const { state, lastMessageMs } = this.#status;
      if (state === "live" && Date.now() - lastMessageMs > STALE_MS) this.#set({ state: "stale", lastMessageMs });
    }, 1_000);
    return () => {
      clearInterval(this.#watch);
      clearTimeout(this.#reopen);
      this.#subscription?.unsubscribe();
      this.#subscription = null;
    };
  }

  /** Follows a topic until the returned function is called. There is one tail at a time; the newest wins. */
  follow(request: TailRequest, onEvents: (events: readonly EventRow[], dropped: number) => void): () => void {
    const tail = { request, onEvents };
    this.#tail = tail;
    this.#connect();
    return () => {
      if (this.#tail !== tail) return;
      this.#tail = null;
      this.#connect();
    };
  }

  /** Has one consumer told with all its partitions, until the returned function is called. The newest wish wins. */
  watchConsumer(consumer: string): () => void {
    this.#consumer = consumer;
    this.#connect();
    return () => {
      if (this.#consumer !== consumer) return;
      this.#consumer = null;
      this.#connect();
    };
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly status = (): LiveStatus => this.#status;

  #connect(): void {
    clearTimeout(this.#reopen);
    this.#subscription?.unsubscribe();
    const tail = this.#tail;
    let isCurrent = true;
    const subscription = this.#open(
      {
        topics: true,
        consumers: true,
        operations: true,
        ...(this.#consumer === null ? {} : { consumer: this.#consumer }),
        ...(tail === null ? {} : { tail: tail.request }),
      },
      {
        message: (message) => {
          if (!isCurrent) return;
          this.#set({ state: "live", lastMessageMs: Date.now() });
          if (message.kind === "events") tail?.onEvents(message.events, message.dropped);
          else this.#onMessage(message);
        },
        connected: () => {},
        lost: () => isCurrent && this.#lose(),
        ended: () => {
          if (!isCurrent) return;
          this.#lose();
          this.#reopen = setTimeout(() => this.#connect(), REOPEN_MS);
        },
      },
    );
    this.#subscription = {
      unsubscribe: () => {
        isCurrent = false;
        subscription.unsubscribe();
      },
    };
  }

  #lose(): void {
    const { lastMessageMs } = this.#status;
    this.#set({ state: lastMessageMs === 0 ? "connecting" : "stale", lastMessageMs });
  }

  #set(status: LiveStatus): void {
    this.#status = status;
    for (const listener of this.#listeners) listener();
  }
}
