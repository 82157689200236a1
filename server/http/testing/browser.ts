import { createTRPCClient, httpLink, httpSubscriptionLink, splitLink } from "@trpc/client";
import { createParser } from "eventsource-parser";
import type { AppRouter } from "../../trpc/router.ts";

/** A tab's way to the control plane: tRPC with a cookie jar, and sign-in. */
export function browser(url: string) {
  let cookie = "";
  const withCookie = (init: { headers?: HeadersInit } = {}): Headers => {
    const headers = new Headers(init.headers);
    if (cookie !== "") headers.set("cookie", cookie);
    return headers;
  };
  class CookieEventSource extends SseSource {
    constructor(address: string) {
      super(address, withCookie());
    }
  }
  const trpc = createTRPCClient<AppRouter>({
    links: [
      splitLink({
        condition: (op) => op.type === "subscription",
        true: httpSubscriptionLink({ url: `${url}/api/trpc`, EventSource: CookieEventSource as never }),
        false: httpLink({
          url: `${url}/api/trpc`,
          fetch: (input, init) => fetch(input, { ...(init as RequestInit), headers: withCookie(init as RequestInit) }),
        }),
      }),
    ],
  });
  const post = (path: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(`${url}${path}`, {
      method: "POST",
      headers: withCookie({ headers: { "content-type": "application/json", origin: url, ...headers } }),
      body: JSON.stringify(body),
    });
  return {
    trpc,
    post,
    get cookie() {
      return cookie;
    },
    async signIn(email: string, password: string): Promise<Response> {
      const response = await post("/api/auth/sign-in/email", { email, password });
      const set = response.headers.getSetCookie().map((it) => it.split(";")[0]);
      if (response.ok) cookie = set.join("; ");
      return response;
    },
    signOut: (): Promise<Response> => post("/api/auth/sign-out", {}),
  };
}

/** As much of an EventSource as tRPC's link needs, with headers; Node has none of its own. */
class SseSource extends EventTarget {
  static readonly CONNECTING = 0;
  static readonly OPEN = 1;
  static readonly CLOSED = 2;
  readonly CONNECTING = 0;
  readonly OPEN = 1;
  readonly CLOSED = 2;
  readyState = 0;
  readonly #end = new AbortController();

  constructor(url: string, headers: Headers) {
    super();
    headers.set("accept", "text/event-stream");
    void this.#read(url, headers).catch(() => {
      if (this.readyState === 2) return;
      this.readyState = 2;
      this.dispatchEvent(new Event("error"));
    });
  }

  async #read(url: string, headers: Headers): Promise<void> {
    const response = await fetch(url, { headers, signal: this.#end.signal });
    if (!response.ok || response.body === null) throw new Error(`answered ${response.status}`);
    this.readyState = 1;
    this.dispatchEvent(new Event("open"));
    const parser = createParser({
      onEvent: ({ event, data, id }) =>
        this.dispatchEvent(new MessageEvent(event ?? "message", { data, lastEventId: id ?? "" })),
    });
    const decoder = new TextDecoder();
    for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
      parser.feed(decoder.decode(chunk, { stream: true }));
    }
    throw new Error("ended");
  }

  close(): void {
    this.readyState = 2;
    this.#end.abort();
  }
}
