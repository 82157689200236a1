import { backoffMs, pause } from "./backoff.ts";
import { isTransient, MillraceError, refusal } from "./millrace-error.ts";

export interface TransportOptions {
  /** Where the server is, such as `http://127.0.0.1:3000`; a path before the API's own is kept, `/v1` may stand behind. */
  readonly url: string;
  readonly apiKey: string;
  /** Another fetch than the global one. */
  readonly fetch?: typeof globalThis.fetch;
  /** Reads events and state. Bring a lossless parser to keep numbers beyond 2^53 and trailing zeros exact. */
  readonly parse?: (text: string) => unknown;
  /** Writes events and state; the counterpart of `parse`. */
  readonly stringify?: (value: unknown) => string | undefined;
}

export interface RequestOptions {
  readonly method?: "GET" | "PUT" | "POST" | "DELETE";
  /** JSON text. */
  readonly body?: string;
  readonly accept?: string;
  readonly signal?: AbortSignal | undefined;
}

export interface AskOptions extends RequestOptions {
  /** How long to go on. Default 30,000. */
  readonly timeLimitMs?: number;
  /** One attempt alone: the caller repeats. */
  readonly once?: boolean;
}

/** How one client talks to the server. Every refusal arrives as a `MillraceError`. */
export class Transport {
  readonly parse: (text: string) => unknown;
  readonly stringify: (value: unknown) => string | undefined;
  /** True when frames may be read with `JSON.parse` alone. */
  readonly isPlainJson: boolean;
  /** Where the server is, without the API's own path. */
  readonly url: string;
  readonly #fetch: typeof globalThis.fetch;
  readonly #authorization: string;

  constructor(options: TransportOptions) {
    this.url = options.url.replace(/(\/+v1)?\/*$/, "");
    this.#fetch = options.fetch ?? globalThis.fetch.bind(globalThis);
    this.#authorization = `Bearer ${options.apiKey}`;
    this.parse = options.parse ?? JSON.parse;
    this.stringify = options.stringify ?? JSON.stringify;
    this.isPlainJson = options.parse === undefined;
  }

  /** One attempt. An abort of the caller's signal rejects with its reason; no answer is `unreachable`, status 0. */
  async open(path: string, options: RequestOptions = {}): Promise<Response> {
    const { method = "GET", body, accept = "application/json", signal } = options;
    const headers: Record<string, string> = { authorization: this.#authorization, accept };
    if (body !== undefined) headers["content-type"] = "application/json";
    let response: Response;
    try {
      const init: RequestInit = { method, headers, signal: signal ?? null };
      if (body !== undefined) init.body = body;
      response = await this.#fetch(this.url + path, init);
    } catch (cause) {
      signal?.throwIfAborted();
      throw new MillraceError("unreachable", `${this.url} could not be reached: ${reasonOf(cause)}`, 0, { cause });
    }
    if (!response.ok) throw await refusal(response);
    return response;
  }

  /**
   * Asks and reads the whole answer, repeating after network errors, 429, 502, 503 and 504 until `timeLimitMs` has
   * passed, unless `once`. Only for what may be repeated. One attempt gets at most 15 s, so that a dead connection costs no more.
   */
  async ask(path: string, options: AskOptions = {}): Promise<string> {
    const giveUpAt = Date.now() + (options.timeLimitMs ?? 30_000);
    let refused: MillraceError | undefined;
    for (let failures = 1; ; failures++) {
      try {
        return await this.#attempt(path, options, Math.min(15_000, Math.max(1, giveUpAt - Date.now())));
      } catch (error) {
        if (options.once === true || !isTransient(error)) throw error;
        const waitMs = Math.max(error.details.retryAfterMs ?? 0, backoffMs(failures, 100, 5_000));
        // The server's own answer tells more than a last attempt that ran out of time.
        if (error.status !== 0) refused = error;
        if (Date.now() + waitMs >= giveUpAt) throw refused ?? error;
        await pause(waitMs, options.signal);
        options.signal?.throwIfAborted();
      }
    }
  }

  async #attempt(path: string, options: RequestOptions, limitMs: number): Promise<string> {
    options.signal?.throwIfAborted();
    const attempt = new AbortController();
    const abort = () => attempt.abort(options.signal?.reason);
    options.signal?.addEventListener("abort", abort, { once: true });
    const timer = setTimeout(() => attempt.abort(new DOMException("no answer in time", "TimeoutError")), limitMs);
    try {
      const response = await this.open(path, { ...options, signal: attempt.signal });
      return await response.text();
    } catch (cause) {
      options.signal?.throwIfAborted();
      if (cause instanceof MillraceError) throw cause;
      throw new MillraceError("unreachable", "the answer did not arrive", 0, { cause });
    } finally {
      clearTimeout(timer);
      options.signal?.removeEventListener("abort", abort);
    }
  }
}

/** `fetch` says "fetch failed", and why it did in the error's cause. */
function reasonOf(cause: unknown): string {
  const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause;
  if (!(inner instanceof Error)) return String(inner);
  return inner.message || ("code" in inner ? String(inner.code) : inner.name);
}

/** A path of fixed parts and names: `path("topics", topic, "events")` → `/v1/topics/…/events`. */
export function path(...parts: readonly string[]): string {
  return `/v1/${parts.map(encodeURIComponent).join("/")}`;
}
