import { backoffMs, pause } from "./backoff.ts";
import { type ConnectionListeners, ConnectionWatch } from "./connection-watch.ts";
import { openFrames } from "./frame-stream.ts";
import { AheadError, GapError, isTransient, MillraceError } from "./millrace-error.ts";
import { type ReceivedEvent, received } from "./received-event.ts";
import { path, type Transport } from "./transport.ts";
import type { CloudEvent } from "./wire.ts";

export interface FollowOptions extends ConnectionListeners {
  /** Give events after this offset. */
  readonly after?: number | undefined;
  /** Instead of `after`: `earliest` (the default), `latest`, or an RFC 3339 time. */
  readonly from?: string | undefined;
  readonly types?: readonly string[] | undefined;
  /** Events of this key, or of any of these. */
  readonly key?: string | readonly string[] | undefined;
  /** Ends the iteration, quietly. */
  readonly signal?: AbortSignal | undefined;
  /** Called whenever every event up to `offset` has been given. */
  readonly onCaughtUp?: ((offset: number) => void) | undefined;
  /** Called when retention has passed the place asked for; following goes on behind the gap. Without it: `GapError`. */
  readonly onGap?: ((gap: { requested: number; firstAvailable: number }) => void) | undefined;
  /** Called when the topic ends before the place asked for; following goes on from its head. Without it: `AheadError`. */
  readonly onAhead?: ((ahead: { requested: number; head: number }) => void) | undefined;
  /** Silence after which the connection counts as dead. Default 45,000: three of the server's comments. */
  readonly idleMs?: number | undefined;
}

/**
 * A topic's events, offsets strictly increasing, for as long as the caller iterates: after a disconnect it resumes
 * behind the last offset it gave. Ends when the signal aborts; throws what repeating cannot cure (401, 403, 404 …, and
 * `topic-removed`).
 */
export async function* followTopic<Data>(
  transport: Transport,
  topic: string,
  options: FollowOptions,
): AsyncGenerator<ReceivedEvent<Data>, void, void> {
  const watch = new ConnectionWatch(`topic '${topic}' at ${transport.url}`, options);
  try {
    yield* followWatched(transport, topic, { options, watch });
  } finally {
    watch.stop();
  }
}

async function* followWatched<Data>(
  transport: Transport,
  topic: string,
  { options, watch }: { readonly options: FollowOptions; readonly watch: ConnectionWatch },
): AsyncGenerator<ReceivedEvent<Data>, void, void> {
  const signal = options.signal ?? new AbortController().signal;
  let last = options.after ?? 0;
  let isPlaceKnown = options.after !== undefined;
  let failures = 0;
  let serverRetryMs = 0;
  const frameOptions = {
    signal,
    onOpen: () => watch.connected(),
    idleMs: options.idleMs ?? 45_000,
    onRetry: (ms: number) => {
      serverRetryMs = ms;
    },
  };
  while (!signal.aborted) {
    let lost = new MillraceError("unreachable", "the server ended the stream", 0);
    watch.connecting();
    try {
      const query = followQuery(options, isPlaceKnown ? last : null);
      for await (const frames of openFrames(transport, `${path("topics", topic, "events")}?${query}`, frameOptions)) {
        failures = 0;
        for (const frame of frames) {
          if (signal.aborted) return;
          if (frame.event === undefined || frame.event === "message") {
            const offset = Number(frame.id);
            if (!Number.isSafeInteger(offset)) throw new MillraceError("unreadable", "a frame without an offset", 0);
            // An event that was given is not given again, whatever a server or a proxy repeats.
            if (offset <= last) continue;
            last = offset;
            isPlaceKnown = true;
            yield received(transport.parse(frame.data) as CloudEvent<Data>, offset);
          } else if (frame.event === "caught-up" || frame.event === "passed") {
            const { offset } = JSON.parse(frame.data) as { offset: number };
            last = Math.max(last, offset);
            // Also what makes `from: "latest"` exact across a disconnect before the first event.
            isPlaceKnown = true;
            if (frame.event === "caught-up") options.onCaughtUp?.(offset);
          } else if (frame.event === "ahead") {
            const ahead = JSON.parse(frame.data) as { requested: number; head: number };
            if (options.onAhead === undefined) throw new AheadError(ahead.requested, ahead.head);
            last = ahead.head;
            options.onAhead(ahead);
          } else if (frame.event === "removed") {
            throw new MillraceError("topic-removed", `topic '${topic}' was removed`, 0);
          } else if (frame.event === "gap") {
            const gap = JSON.parse(frame.data) as { requested: number; firstAvailable: number };
            if (options.onGap === undefined) throw new GapError(gap.requested, gap.firstAvailable);
            options.onGap(gap);
          }
        }
      }
    } catch (error) {
      if (signal.aborted) return;
      if (!isWorthReconnecting(error)) throw error;
      serverRetryMs = Math.max(serverRetryMs, error.details.retryAfterMs ?? 0);
      lost = error;
    }
    watch.failed(lost);
    failures++;
    await pause(Math.max(serverRetryMs, backoffMs(failures, 250, 15_000)), signal);
    serverRetryMs = 0;
  }
}

/** A stream outlives a fault of the server (500), too: it was going, and it will go again. */
export function isWorthReconnecting(error: unknown): error is MillraceError {
  return isTransient(error) || (error instanceof MillraceError && error.status === 500);
}

function followQuery(options: FollowOptions, after: number | null): URLSearchParams {
  const query = new URLSearchParams();
  if (after === null) query.set("from", options.from ?? "earliest");
  else query.set("after", String(after));
  const { types = [], key = [] } = options;
  // Given once it is a list separated by commas; given again, each is taken as it is.
  for (const type of types.length === 1 ? [...types, ...types] : types) query.append("types", type);
  for (const it of typeof key === "string" ? [key] : key) query.append("key", it);
  return query;
}
