import type { IncomingMessage, ServerResponse } from "node:http";
import { DomainError } from "../domain/errors.ts";
import { chunkedFrames } from "../engine/members/frame-chunk.ts";
import { ClientGone } from "./read-body.ts";
import { SseConnection } from "./sse-connection.ts";

export interface SseConnectionsOptions {
  /** Streams open at once; one more is refused with `too-many-streams`. */
  readonly maxStreams?: number;
  /** A comment every so often keeps proxies and the SDK's watch content. */
  readonly heartbeatMs?: number;
  /** A connection that has taken nothing for so long is closed; the client resumes with `Last-Event-ID`. */
  readonly stuckMs?: number;
  /** 0 … 1, for the jitter of `retry:`. */
  readonly random?: () => number;
}

export interface SseOpenOptions {
  readonly requestId: string;
  /** The identity's signal: the stream ends when it aborts. */
  readonly signal?: AbortSignal | undefined;
  /** The longest time a client is told to wait before it reconnects; the jitter takes up to half of it. */
  readonly retryMs?: number;
}

const RETRY_MS = 5_000;

const MAX_STREAMS = 10_000;
const HEARTBEAT_MS = 15_000;
const STUCK_MS = 60_000;
// Each turn serves one group, so that ten thousand comments are not written in one go.
const GROUPS = 15;
const HEARTBEAT = chunkedFrames(":\n\n");

/** Every open stream of this process: their number, their heartbeat, their end. One timer serves them all. */
export class SseConnections {
  readonly #maxStreams: number;
  readonly #stuckMs: number;
  readonly #random: () => number;
  readonly #groups: Set<SseConnection>[] = Array.from({ length: GROUPS }, () => new Set());
  // One listener per key, not per stream: an AbortSignal looks through all it has at every addition.
  readonly #bySignal = new Map<AbortSignal, { streams: Set<SseConnection>; onAbort: () => void }>();
  readonly #timer: NodeJS.Timeout;
  #turn = 0;
  #count = 0;
  #opened = 0;
  #isClosed = false;

  constructor(options: SseConnectionsOptions = {}) {
    this.#maxStreams = options.maxStreams ?? MAX_STREAMS;
    this.#stuckMs = options.stuckMs ?? STUCK_MS;
    this.#random = options.random ?? Math.random;
    this.#timer = setInterval(() => this.#beat(), (options.heartbeatMs ?? HEARTBEAT_MS) / GROUPS).unref();
  }

  get count(): number {
    return this.#count;
  }

  /** Streams opened since the start. */
  get opened(): number {
    return this.#opened;
  }

  /** Throws unless one more stream may be opened. Asked before anything is prepared for it. */
  requireRoom(): void {
    if (this.#isClosed) {
      throw new DomainError("shutting-down", "The server is shutting down.", { retryAfterSeconds: 1 });
    }
    if (this.#count >= this.#maxStreams) {
      throw new DomainError("too-many-streams", `There are ${this.#maxStreams} streams open already.`, {
        facts: { maxStreams: this.#maxStreams },
        retryAfterSeconds: 5,
      });
    }
  }

  /** Sends the headers and `retry:`. Throws `too-many-streams`, `shutting-down` and `ClientGone`. */
  open(res: ServerResponse<IncomingMessage>, options: SseOpenOptions): SseConnection {
    this.requireRoom();
    // The client left while its stream was prepared: no event would ever tell of its end again.
    if (res.closed) throw new ClientGone("the client left before its stream began");
    const { signal, requestId } = options;
    const group = this.#groups[this.#count % GROUPS] ?? new Set();
    const connection = new SseConnection(res, {
      requestId,
      retryMs: Math.round((options.retryMs ?? RETRY_MS) * (1 - this.#random() / 2)),
      onClosed: () => {
        this.#count -= 1;
        group.delete(connection);
        if (signal !== undefined) this.#unwatch(signal, connection);
      },
    });
    this.#count += 1;
    this.#opened += 1;
    group.add(connection);
    if (signal !== undefined) this.#watch(signal, connection);
    return connection;
  }

  /** Ends every stream; none can be opened after. */
  close(): void {
    this.#isClosed = true;
    clearInterval(this.#timer);
    for (const group of this.#groups) for (const connection of group) connection.close();
  }

  #beat(): void {
    const now = performance.now();
    for (const connection of this.#groups[this.#turn] ?? []) {
      if (connection.isWritable) connection.writeShared(HEARTBEAT);
    }
    for (const group of this.#groups) {
      for (const connection of group) if (now - connection.blockedSince > this.#stuckMs) connection.destroy();
    }
    this.#turn = (this.#turn + 1) % GROUPS;
  }

  #watch(signal: AbortSignal, connection: SseConnection): void {
    if (signal.aborted) {
      connection.close();
      return;
    }
    const known = this.#bySignal.get(signal);
    if (known !== undefined) {
      known.streams.add(connection);
      return;
    }
    const streams = new Set([connection]);
    const onAbort = (): void => {
      for (const it of streams) it.close();
    };
    signal.addEventListener("abort", onAbort, { once: true });
    this.#bySignal.set(signal, { streams, onAbort });
  }

  #unwatch(signal: AbortSignal, connection: SseConnection): void {
    const known = this.#bySignal.get(signal);
    known?.streams.delete(connection);
    if (known === undefined || known.streams.size > 0) return;
    signal.removeEventListener("abort", known.onAbort);
    this.#bySignal.delete(signal);
  }
}
