import { createParser, type EventSourceMessage } from "eventsource-parser";
import { MillraceError } from "./millrace-error.ts";
import type { Transport } from "./transport.ts";

export interface FrameStreamOptions {
  readonly signal: AbortSignal;
  /** Without a byte for so long, not even the comment that comes every 15 s, the connection counts as dead. */
  readonly idleMs: number;
  readonly onRetry?: (ms: number) => void;
  /** The server has answered with a stream. */
  readonly onOpen?: () => void;
}

/** The largest event is 1 MiB; base64 and JSON escapes make it larger, never this large. */
const MAX_FRAME_CHARACTERS = 16 * 1024 * 1024;

/**
 * Opens a stream of server-sent events and gives the complete frames of each chunk together; a frame cut off by a
 * disconnect is never given. Reads only when asked, so that a slow caller holds the server back. Ends when the server
 * ends it; throws `MillraceError` when refused, unreachable or dead, and the signal's reason when aborted.
 */
export async function* openFrames(
  transport: Transport,
  path: string,
  options: FrameStreamOptions,
): AsyncGenerator<readonly EventSourceMessage[], void, void> {
  const { signal, idleMs } = options;
  signal.throwIfAborted();
  const connection = new AbortController();
  const abort = () => connection.abort(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  let watch: ReturnType<typeof setTimeout> | undefined;
  const watched = async <T>(waiting: Promise<T>): Promise<T> => {
    watch = setTimeout(() => connection.abort(new DOMException("the connection is silent", "TimeoutError")), idleMs);
    try {
      return await waiting;
    } finally {
      clearTimeout(watch);
    }
  };
  try {
    const response = await watched(transport.open(path, { accept: "text/event-stream", signal: connection.signal }));
    const type = response.headers.get("content-type") ?? "";
    if (!type.startsWith("text/event-stream")) {
      throw new MillraceError("unreadable", `${transport.url} answered with '${type}' instead of a stream`, 200);
    }
    options.onOpen?.();
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    const decoder = new TextDecoder();
    let frames: EventSourceMessage[] = [];
    const parser = createParser({
      maxBufferSize: MAX_FRAME_CHARACTERS,
      onEvent: (frame) => frames.push(frame),
      onRetry: options.onRetry,
    });
    for (;;) {
      const { done, value } = await watched(reader.read());
      if (done) return;
      parser.feed(decoder.decode(value, { stream: true }));
      if (frames.length > 0) {
        const complete = frames;
        frames = [];
        yield complete;
      }
    }
  } catch (cause) {
    signal.throwIfAborted();
    if (cause instanceof MillraceError) throw cause;
    throw new MillraceError("unreachable", "the stream broke off", 0, { cause });
  } finally {
    clearTimeout(watch);
    signal.removeEventListener("abort", abort);
    connection.abort();
  }
}
