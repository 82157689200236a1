import type { ServerResponse } from "node:http";
import type { CloudEvent, Settlement } from "../wire.ts";
import { FakeParking } from "./fake-parking.ts";
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
  /** Events that wait because a handler failed. */
  /** Notices that no connection was there for. */
  readonly #missed: object[] = [];
  readonly parking = new FakeParking(() => this.ordering);
  /** Deliveries that were answered although they had been taken back. */
  superseded = 0;
  extended = 0;
  /** How the sessions of members ended: `member session`. */
  readonly goodbyes: string[] = [];
  /** Ends the session with its connection. */
  isForgetful = false;
  /** As an instance does that did not send it: all that is unsettled comes again, whatever the member has got. */
  resendsAll = false;
  #connection: ServerResponse | null = null;
  #member = "";
  #session = 0;
  #number = 0;
  /** By their numbers: what was delivered in this session and is not settled. */
  readonly #delivered = new Map<number, { readonly event: CloudEvent; readonly more: string }>();
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
    this.#connection?.write(`id: s${this.#session}.9999\ndata: {"delivery":`);
    this.#connection?.destroy();
    this.#connection = null;
  }

  /** An operator's position change: everything again, under a new epoch, on the same connection. */
  reset(): void {
    this.settled.clear();
    this.#begin(`event: reset\ndata: {"change":"c1"}\n\n`);
  }

  revoke(reason = "handed-over"): void {
    this.epoch++;
    this.#next = this.events.length;
    this.tell("revoked", { reason, partitions: [0] });
  }

  tell(name: string, data: object): void {
    this.#connection?.write(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`);
  }

  /** Parks an event although no handler failed: its time ran out, or an operator replays it. */
  park(offset: number): void {
    const event = this.events.find((it) => Number(it.sequence) === offset);
    if (event !== undefined) this.#park(event, true);
  }

  /** Delivers the heads that are retrying; with an operator's consent, dead letters, too. */
  redrive(withDead = false): void {
    for (const parked of this.parking.due(withDead)) {
      this.#write([this.#frame(parked.head, `,"parked":true${withDead ? `,"operation":"op-1"` : ""}`)]);
    }
  }

  /** `of`: what the path names below the consumer, as a member. */
  serve(name: string, exchange: Exchange, of = ""): void {
    const { response, body } = exchange;
    if (name === "GET events") this.#connect(exchange);
    else if (name === "DELETE members") {
      this.goodbyes.push(`${of} ${exchange.query.get("session")}`);
      response.writeHead(204).end();
      this.#connection?.end();
      this.#connection = null;
    } else if (name === "GET ") {
      const { ackTimeoutMs, ordering, maxInFlight } = this;
      json(response, 200, {
        consumer: "c",
        topics: [],
        partitions: 1,
        ordering,
        maxInFlight,
        ackTimeoutMs,
        reconnectGraceMs: 5_000,
      });
    } else if (name === "GET processed" || name === "GET positions") {
      const offset = Number(exchange.query.get("offset"));
      json(response, 200, { processed: [...this.settled].some((it) => Number(it.sequence) === offset) });
    } else if (name === "POST settlements") {
      this.#settle((JSON.parse(body) as { settlements: Settlement[] }).settlements, response);
    } else if (name === "GET state") this.#readState(exchange);
    else problem(response, 404, "not-found");
  }

  #readState({ response, query }: Exchange): void {
    const key = query.get("key");
    const entry = this.state.get(key ?? "");
    if (key === null) {
      const prefix = query.get("prefix") ?? "";
      const keys = [...this.state.keys()].filter((it) => it.startsWith(prefix)).sort();
      const from = keys.findIndex((it) => it > (query.get("after") ?? ""));
      const page = from < 0 ? [] : keys.slice(from, from + 2);
      const next = from >= 0 && from + 2 < keys.length ? page.at(-1) : null;
      json(response, 200, { entries: page.map((it) => ({ key: it, ...this.state.get(it) })), next });
    } else if (entry === undefined) problem(response, 404, "state-entry-not-found");
    else json(response, 200, { key, ...entry, updatedAt: new Date().toISOString() });
  }

  #connect({ response, query }: Exchange): void {
    const member = query.get("member") ?? "";
    const [session, after] = (query.get("lastEventId") ?? "").split(".");
    const isSame = session === `s${this.#session}` && !this.isForgetful;
    if (query.get("order") !== "pipelined") {
      problem(response, 400, "invalid-input");
      return;
    }
    if (this.#connection !== null && this.#member === member && !isSame) {
      const facts = { member, server: "i", address: "10.0.0.7:4711", since: "2026-11-25T20:00:00Z" };
      problem(response, 409, "member-name-taken", facts);
      return;
    }
    stream(response);
    this.#connection?.destroy();
    this.#connection = response;
    this.#member = member;
    response.on("close", () => {
      if (this.#connection === response) this.#connection = null;
    });
    response.write("retry: 20\n\n");
    if (!isSame) {
      this.#session++;
      this.#number = 0;
    }
    const inFlight = isSame ? this.#inFlight.size : 0;
    this.tell("session", { session: `s${this.#session}`, member, resumed: isSame, inFlight });
    if (isSame) this.#resume(this.resendsAll ? 0 : Number(after));
    else this.#begin("");
  }

  #resume(after: number): void {
    this.#tellAssignment();
    for (const notice of this.#missed.splice(0)) this.tell("parked", notice);
    for (const [number, { event, more }] of this.#delivered) {
      if (number > after) this.#write([this.#frameOf(number, event, `,"redelivered":true${more}`)]);
    }
    this.#pump();
  }

  #tellAssignment(): void {
    this.tell("assignment", { partitions: [{ partition: 0, epoch: this.epoch }] });
  }

  #begin(first: string): void {
    this.epoch++;
    this.#delivered.clear();
    this.#next = 0;
    this.#inFlight.clear();
    this.parking.begin();
    if (first !== "") this.#connection?.write(first);
    this.#tellAssignment();
    this.#pump();
  }

  #pump(): void {
    if (this.#connection === null) return;
    const frames: string[] = [];
    for (; this.#next < this.events.length && this.#inFlight.size < this.maxInFlight; this.#next++) {
      const event = this.events[this.#next];
      if (event === undefined || this.settled.has(event) || this.parking.hold(event)) continue;
      this.#inFlight.add(event);
      frames.push(this.#frame(event, ""));
    }
    this.#write(frames);
  }

  #frame(event: CloudEvent, more: string): string {
    this.#number++;
    this.#delivered.set(this.#number, { event, more });
    return this.#frameOf(this.#number, event, more);
  }

  #frameOf(number: number, event: CloudEvent, more: string): string {
    const { topic, sequence } = event;
    const attempt = this.parking.failuresOf(event) + 1;
    const delivery = `{"topic":"${topic}","partition":0,"offset":${sequence},"epoch":${this.epoch},"attempt":${attempt},"replay":false${more}}`;
    return `id: s${this.#session}.${number}\ndata: {"delivery":${delivery},"event":${JSON.stringify(event)}}\n\n`;
  }

  #write(frames: readonly string[]): void {
    if (frames.length > 0) this.#connection?.write(frames.join(""));
  }

  #park(event: CloudEvent, isRetrying: boolean): void {
    const takenBack = this.parking.park(event, { isRetrying, inFlight: this.#inFlight });
    for (const it of [event, ...takenBack]) this.#forget(it);
    const key = this.ordering === "topic" ? null : (event.partitionkey ?? null);
    const notice = { topic: event.topic, partition: 0, offset: Number(event.sequence), key };
    if (this.#connection === null) this.#missed.push(notice);
    else this.tell("parked", notice);
  }

  #settle(settlements: Settlement[], response: ServerResponse): void {
    const stale = settlements.flatMap(({ epoch }, index) => (epoch === this.epoch ? [] : [{ index }]));
    if (stale.length > 0) {
      problem(response, 409, "stale-epoch", { stale });
      return;
    }
    const conflicts = this.#conflictsOf(settlements);
    if (conflicts.length > 0) {
      problem(response, 409, "state-conflict", { conflicts });
      return;
    }
    const superseded: number[] = [];
    for (const [index, settlement] of settlements.entries()) {
      if (!this.#settleOne(settlement)) superseded.push(index);
    }
    this.superseded += superseded.length;
    this.requests.push(settlements);
    json(response, 200, { settled: settlements.length - superseded.length, superseded });
    this.#pump();
  }

  /** False: the delivery had been taken back. */
  #settleOne({ outcome, offset, topic, attempt, state }: Settlement): boolean {
    const event = this.events.find((it) => it.topic === topic && Number(it.sequence) === offset);
    if (event === undefined || this.parking.isBehind(event)) return false;
    const isRepeat = this.settled.has(event);
    const failures = this.parking.failuresOf(event);
    if (outcome === "extend") this.extended++;
    else if (outcome === "ack" || outcome === "skip") {
      for (const it of this.#inFlight) {
        const at = Number(it.sequence);
        if (it.topic !== topic || at !== offset) continue;
        this.settled.add(it);
        this.#forget(it);
      }
      this.#forget(event);
      const next = this.parking.release(event);
      if (next !== "not-parked") this.settled.add(event);
      if (next !== "not-parked" && next !== null) this.#write([this.#frame(next, `,"parked":true`)]);
    } else if (!isRepeat && (attempt ?? failures + 1) > failures) this.#park(event, outcome === "retry");
    if (isRepeat) return true;
    writeState(this.state, state);
    return true;
  }

  #forget(event: CloudEvent): void {
    this.#inFlight.delete(event);
    for (const [number, it] of this.#delivered) if (it.event === event) this.#delivered.delete(number);
  }

  /** As if the request had been taken. */
  #conflictsOf(settlements: readonly Settlement[]): object[] {
    const trial = new Map(this.state);
    return settlements.flatMap(({ topic, offset, state }, index) => {
      if (state === undefined) return [];
      const event = this.events.find((it) => it.topic === topic && Number(it.sequence) === offset);
      if (event === undefined || this.settled.has(event) || this.parking.isBehind(event)) return [];
      const found = Object.entries(state?.expect ?? {}).flatMap(([entry, expected]) => {
        const actual = trial.get(entry)?.version ?? 0;
        return actual === expected ? [] : [{ index, entry, expected, actual, reason: "version" }];
      });
      for (const entry of Object.keys(state?.increment ?? {})) {
        const { value = 0, version = 0 } = trial.get(entry) ?? {};
        if (typeof value === "number") continue;
        found.push({ index, entry, expected: 0, actual: version, reason: "not-a-number" });
      }
      writeState(trial, state);
      return found;
    });
  }
}

function writeState(entries: Map<string, { value: unknown; version: number }>, state: Settlement["state"]): void {
  const write = (key: string, value: unknown) =>
    entries.set(key, { value, version: (entries.get(key)?.version ?? 0) + 1 });
  for (const key of state?.delete ?? []) entries.delete(key);
  for (const [key, value] of Object.entries(state?.set ?? {})) write(key, value);
  for (const [key, amount] of Object.entries(state?.increment ?? {})) {
    write(key, Number(entries.get(key)?.value ?? 0) + amount);
  }
}
