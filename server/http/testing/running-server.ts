import { createParser, type EventSourceMessage } from "eventsource-parser";
import type { Scope } from "../../contract/api-keys.ts";
import type { Log } from "../../log.ts";
import { type ServeOptions, serve } from "../../serve.ts";
import { createApiKey } from "../../services/access/create-api-key.ts";
import { revokeApiKey } from "../../services/access/revoke-api-key.ts";
import { type TestDatabase, testDatabase } from "../../testing/test-database.ts";

export const SECRET = "mr_test_0123456789abcdefghijklmnopqrstuvwxyz";

export const ADMIN = { email: "admin@example.org", password: "a-password-for-tests" };

const ACTOR = { name: "system", requestId: "test" };

export interface RunningServer {
  readonly url: string;
  readonly database: TestDatabase;
  /** Lines of level error. */
  readonly errors: readonly unknown[];
  /** With the key that may do everything, unless headers say otherwise. */
  request(path: string, init?: RequestInit): Promise<Response>;
  /** Publishes a body as it is, as `application/json` unless headers say otherwise. */
  publish(topic: string, body: string | Uint8Array, headers?: Record<string, string>): Promise<Response>;
  declareTopic(topic: string): Promise<void>;
  createKey(scopes: readonly Scope[]): Promise<{ readonly id: string; readonly secret: string }>;
  revokeKey(id: string): Promise<void>;
  close(): Promise<void>;
}

export interface RunningServerOptions extends Pick<ServeOptions, "bounds" | "health"> {
  /** The way to the database, such as through something that fails. */
  readonly via?: (databaseUrl: string) => Promise<string>;
}

/** The real server on a database of its own. */
export async function runningServer(options: RunningServerOptions = {}): Promise<RunningServer> {
  const { via, ...more } = options;
  const database = await testDatabase();
  const errors: unknown[] = [];
  const log: Log = (level, message, fields) => void (level === "error" && errors.push({ message, ...fields }));
  const server = await serve({
    environment: {
      PORT: 0,
      HOST: "127.0.0.1",
      DATA_DIR: "unused",
      DATABASE_CONNECTIONS: 10,
      MAX_EVENT_BYTES: 1024 * 1024,
      LOG_LEVEL: "error",
      MILLRACE_API_KEY: SECRET,
      MILLRACE_ADMIN_EMAIL: ADMIN.email,
      MILLRACE_ADMIN_PASSWORD: ADMIN.password,
    },
    databaseUrl: via === undefined ? database.applicationUrl : await via(database.applicationUrl),
    ...more,
    ownerUrl: database.url,
    log,
    root: process.cwd(),
  });
  const request = (path: string, init: RequestInit = {}) =>
    fetch(server.url + path, { ...init, headers: { authorization: `Bearer ${SECRET}`, ...init.headers } });
  return {
    url: server.url,
    database,
    errors,
    request,
    publish: (topic, body, headers = {}) =>
      request(`/v1/topics/${topic}/events`, {
        method: "POST",
        body: body as BodyInit,
        headers: { "content-type": "application/json", ...headers },
      }),
    async declareTopic(topic) {
      const { status } = await request(`/v1/topics/${topic}`, {
        method: "PUT",
        body: "{}",
        headers: { "content-type": "application/json" },
      });
      if (status >= 300) throw new Error(`declaring ${topic} gave ${status}`);
    },
    async createKey(scopes) {
      const { key, secret } = await createApiKey(database)({ name: "test", scopes, actor: ACTOR });
      return { id: key.id, secret };
    },
    async revokeKey(id) {
      // No wake-up: as if another instance's had been lost. The server finds out by itself.
      await revokeApiKey({ database: database.database, wakeups: { announce: () => undefined } })({ id, actor: ACTOR });
    },
    async close() {
      await server.close();
      await database.drop();
    },
  };
}

export interface Frames {
  /** Frames so far, the control frames among them. */
  readonly seen: readonly EventSourceMessage[];
  readonly retryMs: number | undefined;
  /** Resolves once the frames satisfy; rejects when the stream ends before. */
  until(satisfied: (frames: readonly EventSourceMessage[]) => boolean): Promise<readonly EventSourceMessage[]>;
  /** Resolves when the server has ended the stream. */
  readonly ended: Promise<void>;
  close(): void;
}

/** Parses a stream of server-sent events for as long as it lasts. */
export function framesOf(response: Response, abort: AbortController): Frames {
  const seen: EventSourceMessage[] = [];
  const waiting = new Set<() => void>();
  let retryMs: number | undefined;
  let isEnded = false;
  const parser = createParser({
    onEvent: (frame) => seen.push(frame),
    onRetry: (ms) => {
      retryMs = ms;
    },
  });
  const ended = (async () => {
    const decoder = new TextDecoder();
    try {
      for await (const bytes of response.body as unknown as AsyncIterable<Uint8Array>) {
        parser.feed(decoder.decode(bytes, { stream: true }));
        for (const check of [...waiting]) check();
      }
    } catch (error) {
      if (!abort.signal.aborted) throw error;
    } finally {
      isEnded = true;
      for (const check of [...waiting]) check();
    }
  })();
  ended.catch(() => undefined);
  return {
    seen,
    get retryMs() {
      return retryMs;
    },
    until: (satisfied) =>
      new Promise((resolve, reject) => {
        const check = (): void => {
          if (satisfied(seen)) resolve([...seen]);
          else if (isEnded) reject(new Error(`the stream ended after ${seen.length} frames`));
          else return;
          waiting.delete(check);
        };
        waiting.add(check);
        check();
      }),
    ended,
    close: () => abort.abort(),
  };
}

/** Follows a topic; the query begins with `?` or is empty. */
export async function follow(
  server: RunningServer,
  topic: string,
  options: { readonly query?: string; readonly headers?: Record<string, string> } = {},
): Promise<Frames> {
  const abort = new AbortController();
  const response = await server.request(`/v1/topics/${topic}/events${options.query ?? ""}`, {
    headers: { accept: "text/event-stream", ...options.headers },
    signal: abort.signal,
  });
  if (response.status !== 200) throw new Error(`following ${topic} gave ${response.status}: ${await response.text()}`);
  return framesOf(response, abort);
}

/** The frames that hold events. */
export function eventsOf(frames: readonly EventSourceMessage[]): readonly EventSourceMessage[] {
  return frames.filter((frame) => frame.event === undefined);
}
