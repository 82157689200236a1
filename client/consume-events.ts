import { backoffMs, pause } from "./backoff.ts";
import { type ConnectionListeners, ConnectionWatch } from "./connection-watch.ts";
import type { EventContext } from "./event-context.ts";
import { isWorthReconnecting } from "./follow-topic.ts";
import { openFrames } from "./frame-stream.ts";
import { type Handler, Member } from "./member.ts";
import { MillraceError } from "./millrace-error.ts";
import { randomId } from "./publish-events.ts";
import { path, type Transport } from "./transport.ts";
import type { CloudEvent, ConsumerDescription, Delivery, ParkedNotice } from "./wire.ts";

/** The partitions a member has, always all of them. */
export type Assignment = readonly { readonly partition: number; readonly epoch: number }[];

/** Why a consumer was paused, and until when; null = until somebody resumes it. */
export interface Pause {
  /** `halted`: where the order is the topic's, an event is out of attempts. */
  readonly kind: "operator" | "storm" | "halted";
  readonly reason: string;
  readonly until: string | null;
}

export interface ConsumeOptions extends ConnectionListeners {
  /** Handlers running at once. Order per key is kept whatever it is. Default 16. */
  readonly concurrency?: number | undefined;
  /** Ends consuming: takes nothing new, lets what runs finish and settle, closes, resolves. */
  readonly signal?: AbortSignal | undefined;
  /** The member's name, as operators see it. Default: made up. */
  readonly member?: string | undefined;
  /** How long running handlers may take to finish after the abort. Default 10,000. */
  readonly graceMs?: number | undefined;
  readonly onAssignment?: ((partitions: Assignment) => void) | undefined;
  /** The consumer was paused: nothing new comes, what is here is handled and settled. */
  readonly onPause?: ((pause: Pause) => void) | undefined;
  readonly onResume?: (() => void) | undefined;
  /** Called for every failure of the handler. Default: `console.error`; a failure is never silent. */
  readonly onError?: ((error: unknown, context: EventContext) => void) | undefined;
  /** Silence after which the connection counts as dead. Default 45,000. */
  readonly idleMs?: number | undefined;
}

/**
 * Takes part in a consumer as one member until the signal aborts, reconnecting as needed. Rejects with what repeating
 * cannot cure (401, 403, 404 …).
 */
export async function consumeEvents(
  transport: Transport,
  consumer: string,
  input: { readonly handler: Handler; readonly options: ConsumeOptions },
): Promise<void> {
  const { options, handler } = input;
  const { onError = logFailure, graceMs = 10_000 } = options;
  const signal = options.signal ?? new AbortController().signal;
  const closing = new AbortController();
  let fatal: { readonly error: unknown } | undefined;
  let connection = new AbortController();
  const breakOff = (why?: { readonly error: unknown }) => {
    fatal ??= why;
    connection.abort();
  };
  const member = new Member(transport, {
    consumer,
    concurrency: options.concurrency ?? 16,
    handler,
    onError: (error, context) => {
      try {
        onError(error, context);
      } catch (unexpected) {
        breakOff({ error: unexpected });
      }
    },
    onBreak: breakOff,
  });
  // The lease lives as long as the connection, so the connection closes last.
  const finish = () => void member.finish(graceMs).then(() => closing.abort());
  if (signal.aborted) finish();
  else signal.addEventListener("abort", finish, { once: true });
  const watch = new ConnectionWatch(`consumer '${consumer}' at ${transport.url}`, options);
  try {
    let failures = 0;
    let retryMs = 0;
    const memberName = options.member ?? `member-${randomId().slice(0, 8)}`;
    while (!signal.aborted) {
      watch.connecting();
      connection = new AbortController();
      const abort = () => connection.abort();
      closing.signal.addEventListener("abort", abort, { once: true });
      try {
        await runConnection(transport, member, {
          consumer,
          memberName,
          signal: connection.signal,
          idleMs: options.idleMs ?? 45_000,
          onOpen: () => watch.connected(),
          onRetry: (ms) => {
            retryMs = ms;
          },
          onAssignment: (partitions) => {
            failures = 0;
            options.onAssignment?.(partitions);
          },
          onPause: (pause) => options.onPause?.(pause),
          onResume: () => options.onResume?.(),
        });
        watch.failed(new MillraceError("unreachable", "the server ended the stream", 0));
      } catch (error) {
        if (!connection.signal.aborted) {
          if (!isWorthReconnecting(error)) throw error;
          retryMs = Math.max(retryMs, error.details.retryAfterMs ?? 0);
          watch.failed(error);
        }
      } finally {
        closing.signal.removeEventListener("abort", abort);
        member.disconnected();
      }
      if (fatal !== undefined) throw fatal.error;
      failures++;
      await pause(Math.max(retryMs, backoffMs(failures, 250, 15_000)), signal);
      retryMs = 0;
    }
  } finally {
    watch.stop();
    signal.removeEventListener("abort", finish);
    await member.finish(graceMs);
    closing.abort();
  }
}

interface ConnectionInput {
  readonly consumer: string;
  readonly memberName: string;
  readonly signal: AbortSignal;
  readonly idleMs: number;
  readonly onOpen: () => void;
  readonly onRetry: (ms: number) => void;
  readonly onAssignment: (partitions: Assignment) => void;
  readonly onPause: (pause: Pause) => void;
  readonly onResume: () => void;
}

async function runConnection(transport: Transport, member: Member, input: ConnectionInput): Promise<void> {
  const { consumer, signal } = input;
  const described = await transport.ask(path("consumers", consumer), { signal, once: true, timeLimitMs: 15_000 });
  member.connected(JSON.parse(described) as ConsumerDescription);
  const stream = `${path("consumers", consumer, "events")}?${new URLSearchParams({ member: input.memberName })}`;
  for await (const frames of openFrames(transport, stream, input)) {
    for (const { event, data } of frames) {
      switch (event) {
        case undefined:
        case "message": {
          const frame = JSON.parse(data) as { delivery: Delivery; event: CloudEvent };
          const lossless = transport.isPlainJson ? frame : (transport.parse(data) as { event: CloudEvent });
          member.take(frame.delivery, lossless.event);
          break;
        }
        case "assignment":
          input.onAssignment((JSON.parse(data) as { partitions: Assignment }).partitions);
          break;
        case "revoked": {
          const { reason, partitions } = JSON.parse(data) as { reason: string; partitions: number[] };
          member.dropQueued((delivery) => partitions.includes(delivery.partition));
          // Coming back would throw the other one out, and so on for ever.
          if (reason === "replaced") {
            throw new MillraceError("replaced", `another member connected as '${input.memberName}'`, 0);
          }
          break;
        }
        case "reset": {
          const { partitions } = JSON.parse(data) as { partitions?: Assignment };
          member.dropEverything();
          if (partitions !== undefined) input.onAssignment(partitions);
          break;
        }
        case "parked":
          member.parked(JSON.parse(data) as ParkedNotice);
          break;
        case "paused":
          input.onPause(JSON.parse(data) as Pause);
          break;
        case "resumed":
          input.onResume();
          break;
        // caught-up: nothing to do here; frames of later versions: not for this one.
      }
    }
    member.pump();
    await member.room(signal);
  }
}

function logFailure(error: unknown, context: EventContext): void {
  console.error(`millrace: the handler failed on ${context.topic}/${context.offset}`, error);
}
