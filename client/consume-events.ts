import { backoffMs, pause } from "./backoff.ts";
import { type ConnectionListeners, ConnectionWatch } from "./connection-watch.ts";
import type { EventContext } from "./event-context.ts";
import { isWorthReconnecting } from "./follow-topic.ts";
import { Member } from "./member.ts";
import { type Assignment, type Pause, runConnection } from "./member-connection.ts";
import { madeUpName } from "./member-name.ts";
import type { Handler } from "./member-options.ts";
import { MillraceError } from "./millrace-error.ts";
import { SessionPlace } from "./session-place.ts";
import { path, type Transport } from "./transport.ts";

export interface ConsumeOptions extends ConnectionListeners {
  /** Handlers running at once. Order per key is kept whatever it is. Default 16. */
  readonly concurrency?: number | undefined;
  /** Ends consuming: takes nothing new, lets what runs finish and settle, closes, resolves. */
  readonly signal?: AbortSignal | undefined;
  /** The member's name, as operators see it; each process needs its own. Default: made up of host, process and chance. */
  readonly member?: string | undefined;
  /**
   * How long to go on asking for a name that another member has, which may be this one before a crash. Default: as long
   * as the server awaits a member whose connection broke (`reconnectGraceMs`). Then `member-name-taken` is thrown.
   */
  readonly nameWaitMs?: number | undefined;
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
  const name = options.member ?? madeUpName();
  const place = new SessionPlace();
  // The session lives as long as the connection, so the connection closes last.
  let ending: Promise<void> | null = null;
  const end = () => {
    ending ??= (async () => {
      await member.finish(graceMs);
      await sayGoodbye(transport, { consumer, name, session: place.session });
      closing.abort();
    })();
    return ending;
  };
  const onAbort = () => void end();
  if (signal.aborted) onAbort();
  else signal.addEventListener("abort", onAbort, { once: true });
  const watch = new ConnectionWatch(`consumer '${consumer}' at ${transport.url}`, options);
  try {
    let failures = 0;
    let retryMs = 0;
    let refusedSince: number | null = null;
    while (!signal.aborted) {
      watch.connecting();
      connection = new AbortController();
      const abort = () => connection.abort();
      closing.signal.addEventListener("abort", abort, { once: true });
      let lost = new MillraceError("unreachable", "the server ended the stream", 0);
      try {
        await runConnection(transport, member, {
          consumer,
          memberName: name,
          resumeFrom: await placeToResume(member, place, signal),
          place,
          signal: connection.signal,
          idleMs: options.idleMs ?? 45_000,
          onOpen: () => watch.connected(),
          onRetry: (ms) => {
            retryMs = ms;
          },
          onAssignment: (partitions) => {
            failures = 0;
            refusedSince = null;
            options.onAssignment?.(partitions);
          },
          onPause: (pause) => options.onPause?.(pause),
          onResume: () => options.onResume?.(),
        });
      } catch (error) {
        if (!connection.signal.aborted) {
          const taken = nameTaken(error, consumer, name);
          if (taken !== null) refusedSince ??= Date.now();
          const waitedMs = Date.now() - (refusedSince ?? Date.now());
          if (taken !== null && waitedMs >= (options.nameWaitMs ?? place.graceMs)) throw taken;
          if (taken === null && !isWorthReconnecting(error)) throw error;
          lost = taken ?? (error as MillraceError);
          retryMs = Math.max(retryMs, lost.details.retryAfterMs ?? 0);
        }
      } finally {
        closing.signal.removeEventListener("abort", abort);
        member.disconnected();
        place.lose(Date.now());
      }
      if (fatal !== undefined) throw fatal.error;
      // A connection that the member itself broke off is to begin anew; the rest is an outage.
      if (connection.signal.aborted) place.forget();
      else if (!signal.aborted) watch.failed(lost);
      failures++;
      await pause(Math.max(retryMs, backoffMs(failures, 250, 15_000)), signal);
      retryMs = 0;
    }
  } finally {
    watch.stop();
    signal.removeEventListener("abort", onAbort);
    await end();
  }
}

/** So long a member that comes back waits for the answer to a failure that it has told of. */
const FAILURES_KNOWN_MS = 1_000;

/** The place to go on from; null: everything begins anew. */
async function placeToResume(member: Member, place: SessionPlace, signal: AbortSignal): Promise<string | null> {
  if (place.resumeFrom(Date.now()) !== null && (await member.failuresKnown(FAILURES_KNOWN_MS, signal))) {
    const from = place.resumeFrom(Date.now());
    if (from !== null) return from;
  }
  place.forget();
  member.beginAnew();
  return null;
}

/** Others take over at once, and nothing that was delivered counts as lost. Without an answer the server finds out itself. */
async function sayGoodbye(
  transport: Transport,
  { consumer, name, session }: { readonly consumer: string; readonly name: string; readonly session: string | null },
): Promise<void> {
  if (session === null) return;
  const at = `${path("consumers", consumer, "members", name)}?${new URLSearchParams({ session })}`;
  await transport.ask(at, { method: "DELETE", once: true, timeLimitMs: 2_000 }).catch(() => undefined);
}

/** Another member of the name is connected; after a crash that may be this one's own ghost. */
function nameTaken(error: unknown, consumer: string, name: string): MillraceError | null {
  if (!(error instanceof MillraceError) || error.code !== "member-name-taken") return null;
  const address = error.problem?.address;
  const since = error.problem?.since;
  const where = typeof address === "string" ? ` from ${address}` : "";
  const when = typeof since === "string" ? ` since ${since}` : "";
  const message = `another member of consumer '${consumer}' is connected as '${name}'${where}${when}: give each process a name of its own, or none`;
  const { problem } = error;
  return new MillraceError(error.code, message, error.status, { ...(problem !== null && { problem }), cause: error });
}

function logFailure(error: unknown, context: EventContext): void {
  console.error(`millrace: the handler failed on ${context.topic}/${context.offset}`, error);
}
