import { setTimeout as delay } from "node:timers/promises";
import { expect } from "vitest";
import type { Operation } from "../../contract/operations.ts";
import type { PositionChange, PositionPlan } from "../../contract/position-changes.ts";
import type { Delivery, Settlement } from "../../contract/settlements.ts";
import { DomainError } from "../../domain/errors.ts";
import { acked, boom, createTopic, type Instance, openInstance } from "../../engine/testing/consumer-rig.ts";
import type { TestDatabase } from "../test-database.ts";
import { checkConsumer } from "./check-consumer.ts";
import type { Aside, Command, Handling, Work } from "./commands.ts";
import { type Answer, ConsumerModel, MAX_ATTEMPTS, type StoredFates } from "./consumer-model.ts";
import { ModelMember } from "./model-member.ts";
import { passTime } from "./pass-time.ts";
import { publishAs } from "./publish-as.ts";
import { readStoredConsumer, type StoredConsumer, type StoredRow } from "./stored-consumer.ts";

const consumer = "modelled";
const topic = "orders";
const actor = { name: "person:model", requestId: "model" };
const MAX_MEMBERS = 3;
const MAX_EVENTS = 60;
const PATIENCE_MS = 15_000;

/** One run of commands against the engine and the model side by side. */
export class ModelRun {
  readonly #db: TestDatabase;
  readonly #model = new ConsumerModel();
  readonly #instances: Instance[] = [];
  #members: { readonly member: ModelMember; readonly instance: Instance }[] = [];
  #joined = 0;
  #topicId = 0;
  #partitions = 1;
  #last: StoredConsumer | null = null;
  /** The position may be lower after the next look: it was moved back. */
  #isMovedBack = false;
  /** How many operators' verbs were carried out: each leaves an audit row. */
  #verbs = 0;
  /** Answers that counted, under the leases as they stand now. */
  #counted: Answer[] = [];
  /** What was done, for whoever has to find out what went wrong. */
  readonly #trace: string[] = [];
  /** Deliveries of earlier epochs. */
  #graveyard: Delivery[] = [];

  constructor(db: TestDatabase) {
    this.#db = db;
  }

  async open(): Promise<void> {
    for (let i = 0; i < 2; i++) this.#instances.push(this.#openInstance());
    this.#topicId = await createTopic(this.#db.database, topic);
    await this.#declare(2);
    await this.#aside({ kind: "publish", keys: [1, 2, 1, 0, 1, 2, 3, 5, 1, 2] });
    await this.#aside({ kind: "join", instance: 0 });
    await this.#aside({ kind: "join", instance: 1 });
    await this.#check();
    await this.#settleDown();
  }

  async close(): Promise<void> {
    await Promise.all(this.#instances.map((it) => it.close("crashed")));
  }

  async execute(command: Command): Promise<void> {
    this.#sync();
    this.#trace.push(JSON.stringify(command.kind === "work" ? (command.aside ?? "work") : command));
    await this.#run(command);
    await this.#check();
    await this.#settleDown();
    await this.#check();
  }

  /** Every cause is cured, everything waits no longer: all events come to their end, in order. */
  async drain(): Promise<void> {
    if (this.#model.isPaused) await this.#aside({ kind: "resume" });
    if (this.#live().length === 0) await this.#aside({ kind: "join", instance: 0 });
    const endsAt = Date.now() + 2 * PATIENCE_MS;
    while (this.#model.events.some((it) => !this.#model.isOver(it.offset))) {
      if (Date.now() > endsAt) throw new Error(`not drained: ${this.#story()}`);
      await this.#passTime();
      await this.#check();
      await this.#redrive();
      await this.#settleDown();
      const answers = this.#live().flatMap(({ member }) =>
        member.workable().map((it) => this.#handle(member, it, { handling: "ack", hasState: true })),
      );
      await this.#send(answers.map((it) => ({ ...it, via: 0 })));
      await this.#check();
    }
    await this.#until("the position to reach the head", async () => {
      this.#last = await readStoredConsumer(this.#db.database, consumer);
      return this.#last.position === this.#model.head;
    });
    await this.#check();
    expect([...(this.#last?.parked.values() ?? [])].filter((it) => it.state !== "discarded")).toEqual([]);
    for (const { errors } of this.#instances) expect(errors).toEqual([]);
    const { rows } = await this.#db.database.pool.query(
      "SELECT FROM audit_entry WHERE request_id = $1 AND actor = $2 AND reason IS NOT NULL",
      [actor.requestId, actor.name],
    );
    expect(rows).toHaveLength(this.#verbs);
  }

  #openInstance(): Instance {
    const instance = openInstance(this.#db.url, { leaseMs: 600, drainMs: 100 });
    instance.startOperations();
    return instance;
  }

  #live() {
    this.#members = this.#members.filter(({ member }) => !member.isEnded);
    return this.#members;
  }

  #sync(): void {
    for (const { member } of this.#live()) {
      const before = member.held;
      member.sync();
      for (const it of before) if (!member.held.includes(it)) this.#graveyard.push(it);
    }
  }

  #instance(index: number): Instance {
    return this.#instances[index % this.#instances.length] as Instance;
  }

  #declare(partitions: number) {
    this.#partitions = partitions;
    return this.#instance(0).declare(consumer, {
      topics: [{ topic, start: "earliest", types: ["t"] }],
      partitions,
      maxInFlight: 200,
      ackTimeoutMs: 60_000,
      retry: { maxAttempts: MAX_ATTEMPTS, backoff: { delaysMs: [600_000] }, permanentErrors: ["Permanent"] },
    });
  }

  async #run(command: Command): Promise<void> {
    switch (command.kind) {
      case "work": {
        const answers = command.works.flatMap((it) => this.#work(it));
        const { aside } = command;
        // What is sent to an instance that crashes has no known outcome; members of it may well send to the other.
        const isSafe = aside?.kind !== "crash";
        const sent = answers.map((it) => (isSafe ? it : { ...it, via: aside.instance + 1 }));
        const sending = this.#send(sent);
        if (aside !== null) await this.#aside(aside, sending);
        return sending;
      }
      case "run":
        return this.#runUpTo(command);
      case "repeat":
        return this.#repeat(command);
      case "stale":
        return this.#stale(command);
      case "time":
        return this.#passTime();
      case "redrive":
        return this.#redrive();
      case "discard":
        return this.#discard(command.pick);
      case "undo":
        return this.#undo();
      case "aside":
        return this.#aside(command.aside);
    }
  }

  /** A member handles one delivery: this is the moment of its effect. */
  #work({ member: index, pick, handling, hasState, via }: Work): (Answer & { via: number; member: ModelMember })[] {
    const live = this.#live();
    const member = live[index % Math.max(1, live.length)]?.member;
    const workable = member?.workable() ?? [];
    const delivery = workable[pick % Math.max(1, workable.length)];
    if (member === undefined || delivery === undefined) return [];
    return [{ ...this.#handle(member, delivery, { handling, hasState }), via }];
  }

  #handle(
    member: ModelMember,
    delivery: Delivery,
    { handling, hasState }: { readonly handling: Handling; readonly hasState: boolean },
  ): Answer & { member: ModelMember } {
    const { offset } = delivery;
    const overtaken = this.#model.overtaken(offset);
    if (overtaken !== undefined && !this.#isStale(delivery)) {
      throw new Error(`${member.name} handles ${offset} before ${overtaken} of its key is over: ${this.#story()}`);
    }
    const fate = this.#model.fate(offset);
    if (fate.kind === "failed" && !this.#isStale(delivery)) {
      expect(delivery.attempt, `attempt of ${offset}`).toBeGreaterThan(fate.attempt);
    }
    member.answer(delivery, handling !== "ack" && handling !== "skip");
    const state = hasState ? this.#stateFor(offset, handling) : {};
    const attemptsMax = this.#last?.parked.get(offset)?.attemptsMax ?? MAX_ATTEMPTS;
    return {
      member,
      delivery,
      attemptsMax,
      settlement: { ...acked(delivery), ...outcomeOf(handling, delivery), ...state },
    };
  }

  /** State that tells order and repeats: each key's list of offsets, and how often its events were tried in vain. */
  #stateFor(offset: number, handling: Handling): Pick<Settlement, "state"> {
    const { key } = this.#model.event(offset);
    const name = handling === "ack" ? `done/${key ?? offset}` : `tried/${key ?? offset}`;
    const before = (this.#model.state.get(name)?.value as number[] | undefined) ?? [];
    return { state: { set: { [name]: [...before, offset] } } };
  }

  async #runUpTo({ member: index, via }: { member: number; via: number }): Promise<void> {
    const live = this.#live();
    const member = live[index % Math.max(1, live.length)]?.member;
    const run = member?.run() ?? [];
    const last = run.at(-1);
    if (member === undefined || last === undefined || this.#isStale(last)) return;
    for (const delivery of run) {
      const overtaken = this.#model.overtaken(delivery.offset);
      const isInRun = run.some((it) => it.offset === overtaken);
      if (overtaken !== undefined && !isInRun) throw new Error(`${delivery.offset} overtakes ${overtaken}`);
    }
    for (const delivery of run) member.answer(delivery, false);
    const settlement = acked(last, { upTo: true });
    const result = await this.#instance(via).settle(consumer, [settlement]).catch(refused);
    member.answered();
    this.#trace.push(`  ${member.name}: ${run.map((it) => it.offset)} ${JSON.stringify(result)}`);
    if (result === null) return member.lose(last);
    expect(result.superseded ?? []).toEqual([]);
    for (const delivery of run)
      this.#model.settle({ delivery, settlement: acked(delivery), attemptsMax: MAX_ATTEMPTS });
  }

  /** Sends answers, those of a member in one request; takes into the model what counts. */
  async #send(answers: readonly (Answer & { via: number; member: ModelMember })[]): Promise<void> {
    const requests = new Map<string, { via: number; member: ModelMember; group: Answer[] }>();
    for (const { via, member, ...answer } of answers) {
      const request = requests.get(`${via} ${member.name}`) ?? { via, member, group: [] };
      request.group.push(answer);
      requests.set(`${via} ${member.name}`, request);
    }
    const sent = [...requests.values()].map(async ({ via, member, group }) => {
      const settlements = group.map((it) => it.settlement);
      const result = await this.#instance(via).settle(consumer, settlements).catch(refused);
      return { group, member, result };
    });
    for (const { group, member, result } of await Promise.all(sent)) {
      member.answered();
      for (const { settlement: it } of group) {
        const outcome = `${it.outcome} ${it.offset} (${it.partition}, epoch ${it.epoch})`;
        this.#trace.push(`  ${member.name}: ${outcome} ${result === null ? "refused" : "counted"}`);
      }
      if (result === null) {
        for (const { delivery } of group) member.lose(delivery);
        this.#graveyard.push(...group.map((it) => it.delivery));
        continue;
      }
      expect(result.superseded ?? [], `superseded: ${JSON.stringify(group)} ${this.#story()}`).toEqual([]);
      for (const answer of group) {
        this.#model.settle(answer);
        this.#counted.push(answer);
      }
    }
  }

  /** What was counted once changes nothing when it comes again: the check that follows sees to it. */
  async #repeat({ pick, via }: { pick: number; via: number }): Promise<void> {
    const answer = this.#counted[pick % Math.max(1, this.#counted.length)];
    if (answer === undefined) return;
    const result = await this.#instance(via).settle(consumer, [answer.settlement]).catch(refused);
    this.#trace.push(`  ${answer.settlement.outcome} ${answer.settlement.offset}: ${JSON.stringify(result)}`);
  }

  async #stale({ pick, via }: { pick: number; via: number }): Promise<void> {
    const old = this.#graveyard.filter((it) => this.#isStale(it));
    const delivery = old[pick % Math.max(1, old.length)];
    if (delivery === undefined) return;
    const poison = acked(delivery, { state: { set: { poison: delivery.offset } } });
    await expect(this.#instance(via).settle(consumer, [poison])).rejects.toMatchObject({ code: "stale-epoch" });
  }

  #isStale({ partition, epoch }: Delivery): boolean {
    const current = this.#last?.epochs[partition];
    return current === undefined || epoch < current;
  }

  async #passTime(): Promise<void> {
    await passTime(this.#instance(1), consumer);
    this.#model.passTime();
  }

  async #redrive(): Promise<void> {
    const heads = this.#parkedIn("dead");
    if (heads.length === 0) return;
    await this.#operate(this.#instance(1).redrive({ consumer, filter: { all: true }, reason: "cured", actor }));
    this.#model.redrive((offset) => heads.includes(offset));
  }

  async #discard(pick: number): Promise<void> {
    const heads = this.#parkedIn("dead");
    const offset = heads[pick % Math.max(1, heads.length)];
    if (offset === undefined) return;
    await this.#operate(this.#instance(0).discard({ consumer, filter: { topic, offset }, reason: "void", actor }));
    this.#model.discard(offset);
  }

  #parkedIn(state: StoredRow["state"]): number[] {
    return [...(this.#last?.parked.values() ?? [])].filter((it) => it.state === state).map((it) => it.offset);
  }

  /** Starts an operation and waits until it has taken up everything. */
  async #operate(starting: Promise<Operation>): Promise<void> {
    const { id } = await starting;
    this.#verbs += 1;
    await this.#until("an operation to take up everything", async () => {
      const { status, done, total } = await this.#instance(0).operation({ id });
      if (status === "failed" || status === "aborted") throw new Error(`the operation is ${status}`);
      return done >= total;
    });
  }

  async #undo(): Promise<void> {
    const { change } = this.#model;
    if (change === null) return;
    await this.#instance(1).undo({ consumer, id: change.id, reason: "a mistake", actor });
    this.#verbs += 1;
    const stored = await readStoredConsumer(this.#db.database, consumer);
    this.#isMovedBack = true;
    this.#counted = [];
    this.#model.undo(this.#storedFates(stored));
  }

  #storedFates(stored: StoredConsumer): StoredFates {
    return {
      isCovered: (offset) => stored.isCovered(this.#model.event(offset)),
      isDiscarded: (offset) => stored.parked.get(offset)?.state === "discarded",
      parkedAttempt(offset) {
        const row = stored.parked.get(offset);
        if (row === undefined || row.state === "discarded") return null;
        return { attempt: row.attempt, isDead: row.state === "dead", isDue: row.isDue || row.state === "blocked" };
      },
    };
  }

  /** Something happens beside the work; `after`: what was sent before it counts before it. */
  async #aside(aside: Aside, after: Promise<void> = Promise.resolve()): Promise<void> {
    const model = this.#model;
    switch (aside.kind) {
      case "publish": {
        const room = MAX_EVENTS - model.head;
        const keys = aside.keys.slice(0, Math.max(0, room)).map((it) => (it === 0 || it === 5 ? null : `k${it}`));
        const isFiltered = (index: number) => aside.keys[index] === 5;
        keys.forEach((key, index) => void model.publish(key, isFiltered(index)));
        const events = keys.map((key, index) => ({ key, type: isFiltered(index) ? "noise" : "t" }));
        return publishAs(this.#instance(0), this.#topicId, events);
      }
      case "join": {
        if (this.#live().length >= MAX_MEMBERS) return;
        const name = `m${this.#joined++}`;
        const instance = this.#instance(aside.instance);
        const member = new ModelMember(model, name, await instance.join(consumer, name));
        this.#members.push({ member, instance });
        return;
      }
      case "leave": {
        const live = this.#live();
        const leaving = live[aside.member % Math.max(1, live.length)]?.member;
        if (leaving === undefined) return;
        // What is on its way when a delivery breaks off may count or not: here it is known.
        await after;
        this.#graveyard.push(...leaving.held);
        return leaving.sink.joined?.leave();
      }
      case "crash": {
        const index = aside.instance % this.#instances.length;
        const dead = this.#instance(index);
        this.#graveyard.push(...this.#members.filter((it) => it.instance === dead).flatMap((it) => it.member.held));
        this.#members = this.#members.filter((it) => it.instance !== dead);
        // The other one is used meanwhile, whatever the number.
        await after;
        this.#instances[index] = this.#openInstance();
        return dead.close("crashed");
      }
      case "pause":
        model.isPaused = true;
        this.#verbs += 1;
        await this.#instance(0).pause({ consumer, reason: "a look", actor });
        return;
      case "resume":
        if (!model.isPaused) return;
        model.isPaused = false;
        this.#verbs += 1;
        await this.#instance(1).resume({ consumer, reason: "seen", actor });
        return;
      case "reset": {
        const { id, changes } = await this.#reset(aside.parked);
        this.#verbs += 1;
        // All that counted was before it: afterwards the epochs are others.
        await after;
        if (changes[0]?.rerun !== 0) model.reset(id, aside.parked);
        else {
          const stored = await readStoredConsumer(this.#db.database, consumer);
          model.leave(id, aside.parked, this.#storedFates(stored));
        }
        this.#isMovedBack = true;
        this.#counted = [];
        return;
      }
      case "partitions":
        await this.#declare(aside.count);
        await after;
        this.#counted = [];
    }
  }

  async #reset(parked: "keep" | "clear"): Promise<PositionChange> {
    const instance = this.#instance(1);
    const at = { consumer, actor };
    let plan: Pick<PositionPlan, "id" | "token"> = await instance.plan({ ...at, target: { to: "earliest" }, parked });
    for (let tries = 0; ; tries++) {
      try {
        return await instance.change({ ...at, planId: plan.id, token: plan.token, reason: "again" });
      } catch (error) {
        // What is settled beside it can make the plan another one.
        if (!(error instanceof DomainError) || error.code !== "plan-outdated" || tries === 10) throw error;
        plan = error.details.facts?.plan as PositionPlan;
      }
    }
  }

  async #check(): Promise<void> {
    this.#sync();
    const stored = await readStoredConsumer(this.#db.database, consumer);
    const before = this.#last;
    if (before !== null) {
      if (!this.#isMovedBack) expect(stored.position).toBeGreaterThanOrEqual(before.position);
      for (const [partition, epoch] of stored.epochs.entries()) {
        expect(epoch).toBeGreaterThanOrEqual(before.epochs[partition] ?? 0);
      }
    }
    this.#isMovedBack = false;
    this.#last = stored;
    try {
      checkConsumer(this.#model, stored);
    } catch (error) {
      throw new Error(`${(error as Error).message}\n${this.#story()}`, { cause: error });
    }
  }

  /** Waits until members hold all that can be delivered, or have heard of the pause. */
  async #settleDown(): Promise<void> {
    if (this.#live().length === 0) return;
    await this.#until("what can be delivered to be delivered", () => {
      this.#sync();
      const live = this.#live();
      if (live.length === 0) return true;
      if (live.some(({ member }) => member.isPaused !== this.#model.isPaused)) return false;
      if (this.#model.isPaused) return true;
      const held = new Set(live.flatMap(({ member }) => member.workable().map((it) => it.offset)));
      return this.#model.deliverable().every((offset) => held.has(offset));
    });
  }

  async #until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
    const endsAt = Date.now() + PATIENCE_MS;
    while (!(await holds())) {
      if (Date.now() > endsAt) throw new Error(`waited in vain for ${what}: ${this.#story()}`);
      await delay(10);
    }
  }

  #story(): string {
    const fates = this.#model.events.map((event) => {
      const { offset, key } = event;
      const row = this.#last?.parked.get(offset);
      const isPast = this.#last?.isCovered(event) ? "past" : "ahead";
      return `${offset}/${key} ${isPast} ${JSON.stringify(this.#model.fate(offset))} ${row === undefined ? "" : JSON.stringify(row)}`;
    });
    const held = this.#members.map(({ member }) => `${member.name}: ${JSON.stringify(member.held)}`);
    return [
      ...this.#trace.slice(-80),
      `deliverable ${this.#model.deliverable()}`,
      ...fates,
      ...held,
      `${this.#partitions} partitions`,
    ].join("\n");
  }
}

function outcomeOf(handling: Handling, { attempt }: Delivery): Partial<Settlement> {
  switch (handling) {
    case "ack":
      return {};
    case "skip":
      return { outcome: "skip", reason: "unwanted", attempt };
    case "dead-letter":
      return { outcome: "dead-letter", attempt, error: boom };
    case "permanent":
      return { outcome: "dead-letter", attempt, error: { name: "Permanent", message: "no cure" } };
    case "retry-now":
      return { outcome: "retry", attempt, error: boom, delayMs: 0 };
    case "retry-later":
      return { outcome: "retry", attempt, error: boom, delayMs: 600_000 };
  }
}

/** A lease that has moved on is part of the game; anything else is not. */
function refused(error: unknown): null {
  if (error instanceof DomainError && error.code === "stale-epoch") return null;
  throw error;
}
