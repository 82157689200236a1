import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";

export interface MetricsSources {
  readonly streamsOpen: () => number;
  readonly streamsOpened: () => number;
}

/** Stands in no label: a route's name may hold anything that can be read. */
const SEPARATOR = "\0";

/** Gauges that prom-client gives a counter's name; each is the sum of one that stays. */
const MISNAMED = ["nodejs_active_handles_total", "nodejs_active_requests_total", "nodejs_active_resources_total"];

/** From a write to a disk that is fast to what a database that is away takes to be given up. */
const LATENCY_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** The figures behind `/metrics`. Counted in plain maps: prom-client hashes the labels at every increment. */
export class RequestMetrics {
  readonly #registry = new Registry();
  readonly #requests = new Map<string, number>();
  readonly #publishSeconds: Histogram;
  readonly #settleSeconds: Histogram;
  #published = 0;
  #duplicates = 0;

  constructor(sources: MetricsSources) {
    collectDefaultMetrics({ register: this.#registry });
    for (const name of MISNAMED) this.#registry.removeSingleMetric(name);
    const requests = this.#requests;
    const published = (): number => this.#published;
    const duplicates = (): number => this.#duplicates;
    const registers = [this.#registry];
    this.#publishSeconds = new Histogram({
      name: "millrace_publish_duration_seconds",
      help: "Time that publishing took which went well, from the request that is read to its events on the disk.",
      buckets: LATENCY_BUCKETS,
      registers,
    });
    this.#settleSeconds = new Histogram({
      name: "millrace_settle_duration_seconds",
      help: "Time that settling took which went well, from the request that is read to its settlements on the disk.",
      buckets: LATENCY_BUCKETS,
      registers,
    });
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

  /** What is refused is not timed: it would make a server look fast that refuses. It is counted by its status. */
  timePublish<T>(work: Promise<T>): Promise<T> {
    return timed(this.#publishSeconds, work);
  }

  timeSettle<T>(work: Promise<T>): Promise<T> {
    return timed(this.#settleSeconds, work);
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

async function timed<T>(histogram: Histogram, work: Promise<T>): Promise<T> {
  const startedAt = performance.now();
  const result = await work;
  histogram.observe((performance.now() - startedAt) / 1_000);
  return result;
}
