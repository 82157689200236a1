import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { CloudEvent, NewEvent } from "../wire.ts";
import { FakeConsumer } from "./fake-consumer.ts";

export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly body: string;
  readonly query: URLSearchParams;
}

/** Answers a request itself (true), or lets the server answer (false). */
export type Fault = (exchange: Exchange) => boolean;

/** The wire of the data plane in memory, on a real socket, with faults to order. */
export class FakeServer {
  readonly topics = new Map<string, CloudEvent[]>();
  readonly consumers = new Map<string, FakeConsumer>();
  /** Every request as `GET /v1/…?…`, in order. */
  readonly requests: string[] = [];
  onDropped: () => void = () => {};
  /** Each is used once, by the first request it matches. */
  readonly #faults: { readonly matches: string; readonly fault: Fault }[] = [];
  readonly #followers = new Set<{ topic: string; key: string | null; response: ServerResponse }>();
  readonly #http = createServer((request, response) => void this.#serve(request, response));

  static async start(): Promise<FakeServer> {
    const server = new FakeServer();
    await new Promise<void>((resolve) => server.#http.listen(0, "127.0.0.1", resolve));
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#http.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#http.closeAllConnections();
    await new Promise((resolve) => this.#http.close(resolve));
  }

  /** Breaks every stream of a topic. */
  dropStreams(): void {
    for (const { response } of this.#followers) response.destroy();
    this.onDropped();
  }

  /** Resolves when nobody follows a topic. */
  async quiet(): Promise<void> {
    while (this.#followers.size > 0) await new Promise((resolve) => setImmediate(resolve));
  }

  /** The value of a counter once it has stopped moving. */
  async settledWrites(counter: () => number): Promise<number> {
    for (let before = -1; ; ) {
      if (counter() === before) return before;
      before = counter();
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  /** The next request whose `METHOD /path` contains `matches` gets the fault; faults are used in order. */
  fault(matches: string, fault: Fault): void {
    this.#faults.push({ matches, fault });
  }

  consumer(name: string): FakeConsumer {
    let consumer = this.consumers.get(name);
    if (consumer === undefined) {
      consumer = new FakeConsumer();
      this.consumers.set(name, consumer);
    }
    return consumer;
  }

  append(topic: string, events: readonly NewEvent[]): { id: string; offset: number; duplicate: boolean }[] {
    const log = this.#log(topic);
    return events.map(({ id = `id-${log.length}`, type, key, data }) => {
      const known = log.findIndex((it) => it.id === id);
      if (known >= 0) return { id, offset: known + 1, duplicate: true };
      const event: CloudEvent = {
        specversion: "1.0",
        id,
        type,
        source: "/",
        topic,
        sequence: String(log.length + 1),
        recordedtime: new Date().toISOString(),
        ...(key === undefined ? {} : { partitionkey: key }),
        ...(data === undefined ? {} : { data }),
      };
      log.push(event);
      for (const follower of this.#followers) {
        if (follower.topic === topic) follower.response.write(topicFrame(event));
      }
      for (const consumer of this.consumers.values()) consumer.deliver(event);
      return { id, offset: log.length, duplicate: false };
    });
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", "http://fake");
    const name = `${request.method} ${url.pathname}`;
    this.requests.push(name + url.search);
    let body = "";
    request.setEncoding("utf8");
    for await (const chunk of request) body += chunk;
    const exchange = { request, response, body, query: url.searchParams };
    const index = this.#faults.findIndex((it) => name.includes(it.matches));
    if (index >= 0) {
      const [{ fault } = { fault: () => false }] = this.#faults.splice(index, 1);
      if (fault(exchange)) return;
    }
    const [, , kind, at = "", what, of = ""] = url.pathname.split("/").map(decodeURIComponent);
    if (kind === "topics" && what === "events") this.#topic(at, exchange);
    else if (kind === "consumers") this.consumer(at).serve(`${request.method} ${what ?? ""}`, exchange, of);
    else problem(response, 404, "not-found");
  }

  #topic(topic: string, { request, response, body, query }: Exchange): void {
    const log = this.#log(topic);
    const key = query.get("key");
    if (request.method === "POST") {
      const { events, expect = {} } = JSON.parse(body) as { events: NewEvent[]; expect?: Record<string, number> };
      const lastOf = (of: string) => log.findLastIndex((it) => it.partitionkey === of) + 1;
      const isKnown = events.every((event) => log.some((it) => it.id === event.id));
      if (!isKnown && Object.entries(expect).some(([of, offset]) => lastOf(of) !== offset)) {
        const actual = Object.fromEntries(Object.keys(expect).map((of) => [of, lastOf(of)]));
        problem(response, 409, "unexpected-offset", { actual });
      } else json(response, 201, { events: this.append(topic, events) });
      return;
    }
    const after = query.get("after") ?? (query.get("from") === "latest" ? log.length : 0);
    const rest = log.slice(Number(after)).filter((it) => key === null || it.partitionkey === key);
    if (request.headers.accept !== "text/event-stream") {
      const page = rest.slice(0, Number(query.get("limit") ?? 100));
      const next = page.length < rest.length ? Number(page.at(-1)?.sequence) : null;
      json(response, 200, { events: page, next });
      return;
    }
    stream(response);
    response.write(`retry: 20\n\n`);
    for (const event of rest) response.write(topicFrame(event));
    response.write(`event: caught-up\ndata: {"offset":${log.length}}\n\n`);
    const follower = { topic, key, response };
    this.#followers.add(follower);
    response.on("close", () => this.#followers.delete(follower));
  }

  #log(topic: string): CloudEvent[] {
    let log = this.topics.get(topic);
    if (log === undefined) {
      log = [];
      this.topics.set(topic, log);
    }
    return log;
  }
}

export function topicFrame(event: CloudEvent): string {
  return `id: ${event.sequence}\ndata: ${JSON.stringify(event)}\n\n`;
}

export function stream(response: ServerResponse): void {
  response.writeHead(200, { "content-type": "text/event-stream" });
  response.flushHeaders();
}

export function json(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
}

export function problem(response: ServerResponse, status: number, code: string, facts: object = {}): void {
  const document = {
    type: `/docs/problems#${code}`,
    title: code,
    status,
    detail: code,
    code,
    instance: "r1",
    ...facts,
  };
  response.writeHead(status, { "content-type": "application/problem+json" }).end(JSON.stringify(document));
}
