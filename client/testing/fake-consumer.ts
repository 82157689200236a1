import type { ServerResponse } from "node:http";
import type { CloudEvent, Settlement } from "../wire.ts";
import { type Exchange, json, problem, stream } from "./fake-server.ts";

/** One consumer of one partition with one member: delivers what is unsettled, and takes settlements of its epoch. */
export class FakeConsumer {
  ackTimeoutMs = 30_000;
  ordering: "key" | "topic" = "key";
  maxInFlight = 256;
  epoch = 0;
  readonly events: CloudEvent[] = [];
  readonly settled = new Set<CloudEvent>();
  readonly state = new Map<string, { value: unknown; version: number }>();
  /** Requests of settlements that took effect. */
  readonly requests: Settlement[][] = [];
  extended = 0;
  #connection: ServerResponse | null = null;
  #next = 0;
  #inFlight = new Set<CloudEvent>();

  get isConnected(): boolean {
    return this.#connection !== null;
  }

  deliver(event: CloudEvent): void {
    this.events.push(event);
    this.#pump();
  }

  /** Ends the connection with half a frame. */
  breakOff(): void {
    this.#connection?.write(`id: x/1\ndata: {"delivery":`);
    this.#connection?.destroy();
    this.#connection = null;
  }

  /** What an operator's position change does: everything again, under a new epoch, on the same connection. */
  reset(): void {
    this.settled.clear();
    this.#begin(`event: reset\ndata: {"change":"c1"}\n\n`);
  }

  revoke(reason = "handed-over"): void {
    this.epoch++;
    this.#next = this.events.length;
    this.#connection?.write(`event: revoked\ndata: {"reason":"${reason}","partitions":[0]}\n\n`);
  }

  serve(name: string, key: string, exchange: Exchange): void {
    const { response, body } = exchange;
    if (name === "GET events") {
      stream(response);
      this.#connection?.destroy();
      this.#connection = response;
      response.on("close", () => {
        if (this.#connection === response) this.#connection = null;
      });
      this.#begin("retry: 20\n\n");
    } else if (name === "GET ") {
      const { ackTimeoutMs, ordering } = this;
      json(response, 200, {
        consumer: "c",
        topics: [],
        partitions: 1,
        ordering,
        maxInFlight: this.maxInFlight,
        ackTimeoutMs,
      });
    } else if (name === "POST settlements") {
      this.#settle((JSON.parse(body) as { settlements: Settlement[] }).settlements, response);
    } else if (name === "GET state") {
      const entry = this.state.get(key);
      if (key === "") {
        const prefix = exchange.query.get("prefix") ?? "";
        const keys = [...this.state.keys()].filter((it) => it.startsWith(prefix)).sort();
        const from = keys.findIndex((it) => it > (exchange.query.get("after") ?? ""));
        const page = from < 0 ? [] : keys.slice(from, from + 2);
        const next = from >= 0 && from + 2 < keys.length ? page.at(-1) : null;
        json(response, 200, { entries: page.map((it) => ({ key: it, ...this.state.get(it) })), next });
      } else if (entry === undefined) problem(response, 404, "state-entry-not-found");
      else json(response, 200, { key, ...entry, updatedAt: new Date().toISOString() });
    } else problem(response, 404, "not-found");
  }

  #begin(first: string): void {
    this.epoch++;
    this.#next = 0;
    this.#inFlight.clear();
    const assignment = JSON.stringify({ partitions: [{ partition: 0, epoch: this.epoch }] });
    this.#connection?.write(`${first}event: assignment\ndata: ${assignment}\n\n`);
    this.#pump();
  }

  #pump(): void {
    if (this.#connection === null) return;
    let frames = "";
    for (; this.#next < this.events.length && this.#inFlight.size < this.maxInFlight; this.#next++) {
      const event = this.events[this.#next];
      if (event === undefined || this.settled.has(event)) continue;
      this.#inFlight.add(event);
      const { topic, sequence } = event;
      const delivery = `{"topic":"${topic}","partition":0,"offset":${sequence},"epoch":${this.epoch},"attempt":1,"replay":false}`;
      frames += `id: ${topic}/${sequence}\ndata: {"delivery":${delivery},"event":${JSON.stringify(event)}}\n\n`;
    }
    if (frames !== "") this.#connection.write(frames);
  }

  #settle(settlements: Settlement[], response: ServerResponse): void {
    const stale = settlements.flatMap(({ epoch }, index) => (epoch === this.epoch ? [] : [{ index }]));
    if (stale.length > 0) {
      problem(response, 409, "stale-epoch", { stale });
      return;
    }
    for (const { outcome, offset, topic, upTo, state } of settlements) {
      if (outcome === "extend") {
        this.extended++;
        continue;
      }
      const isNew =
        state === undefined || ![...this.settled].some((it) => it.topic === topic && Number(it.sequence) === offset);
      for (const event of this.#inFlight) {
        const at = Number(event.sequence);
        if (event.topic === topic && (at === offset || (upTo === true && at < offset))) {
          this.settled.add(event);
          this.#inFlight.delete(event);
        }
      }
      if (!isNew) continue;
      for (const [key, value] of Object.entries(state?.set ?? {})) {
        this.state.set(key, { value, version: (this.state.get(key)?.version ?? 0) + 1 });
      }
      for (const key of state?.delete ?? []) this.state.delete(key);
    }
    this.requests.push(settlements);
    json(response, 200, { settled: settlements.length });
    this.#pump();
  }
}
