import { Counter, collectDefaultMetrics, Gauge, Registry } from "prom-client";

export interface MetricsSources {
  readonly streamsOpen: () => number;
  readonly streamsOpened: () => number;
}

/** Stands in no label: a route's name may hold anything that can be read. */
const SEPARATOR = "\0";

/** The figures behind `/metrics`. Counted in plain maps: prom-client hashes the labels at every increment. */
export class RequestMetrics {
  readonly #registry = new Registry();
  readonly #requests = new Map<string, number>();
  #published = 0;
  #duplicates = 0;

  constructor(sources: MetricsSources) {
    collectDefaultMetrics({ register: this.#registry });
    const requests = this.#requests;
    const published = (): number => this.#published;
    const duplicates = (): number => this.#duplicates;
    const registers = [this.#registry];
    new Counter({
      name: "millrace_http_requests_total",
      help: "Requests answered by data plane and control plane; streams are counted apart.",
      labelNames: ["method", "route", "status"],
      registers,
      collect() {
        this.reset();
        for (const [labels, count] of requests) {
          const [method = "", route = "", status = ""] = labels.split(SEPARATOR);
          this.inc({ method, route, status }, count);
        }
      },
    });
    new Counter({
      name: "millrace_events_published_total",
      help: "Events stored for the first time through this instance.",
      registers,
      collect() {
        this.reset();
        this.inc(published());
      },
    });
    new Counter({
      name: "millrace_events_duplicate_total",
      help: "Events whose id the topic held already.",
      registers,
      collect() {
        this.reset();
        this.inc(duplicates());
      },
    });
    new Counter({
      name: "millrace_streams_opened_total",
      help: "Server-sent event streams begun at this instance.",
      registers,
      collect() {
        this.reset();
        this.inc(sources.streamsOpened());
      },
    });
    new Gauge({
      name: "millrace_streams_open",
      help: "Server-sent event streams open at this instance.",
      registers,
      collect() {
        this.set(sources.streamsOpen());
      },
    });
  }

  countRequest(method: string, route: string, status: number): void {
    const labels = [method, route, status].join(SEPARATOR);
    this.#requests.set(labels, (this.#requests.get(labels) ?? 0) + 1);
  }

  countPublished(events: readonly { readonly duplicate: boolean }[]): void {
    for (const { duplicate } of events) {
      if (duplicate) this.#duplicates += 1;
      else this.#published += 1;
    }
  }

  text(): Promise<string> {
    return this.#registry.metrics();
  }

  get contentType(): string {
    return this.#registry.contentType;
  }
}
