import { setTimeout as delay } from "node:timers/promises";
import { expect } from "vitest";
import type { Delivery } from "../../contract/settlements.ts";
import { type Instance, openInstance } from "../../engine/testing/consumer-rig.ts";
import type { TestDatabase } from "../test-database.ts";
import { checkAccount } from "./check-account.ts";
import { checkConsumer } from "./check-consumer.ts";
import { type Answer, ConsumerModel, MAX_ATTEMPTS } from "./consumer-model.ts";
import type { ModelMember } from "./model-member.ts";
import { readStoredConsumer, type StoredConsumer } from "./stored-consumer.ts";

/** Deliveries lost beside others after which an event is delivered alone. */
const LOST_TOGETHER = 2;
export const PATIENCE_MS = 15_000;

/** The engine and the model side by side: instances, members, what is known of both, and whether they agree. */
export class ModelWorld {
  readonly consumer = "modelled";
  readonly topic = "orders";
  readonly actor = { name: "person:model", requestId: "model" };
  readonly model = new ConsumerModel();
  readonly instances: Instance[] = [];
  members: { readonly member: ModelMember; readonly instance: Instance }[] = [];
  topicId = 0;
  partitions = 1;
  /** As of the last check. */
  last: StoredConsumer | null = null;
  /** The position may be lower at the next check: it was moved back. */
  isMovedBack = false;
  /** How many operators' verbs were carried out: each leaves an audit row. */
  verbs = 0;
  /** Answers that counted, under the leases as they stand now. */
  counted: Answer[] = [];
  /** Deliveries that are nobody's any more. */
  graveyard: Delivery[] = [];
  /** What was done, for whoever has to find out what went wrong. */
  readonly trace: string[] = [];

  constructor(readonly db: TestDatabase) {}

  openInstance(): Instance {
    const instance = openInstance(this.db.url, { leaseMs: 600, drainMs: 100 });
    instance.startOperations();
    return instance;
  }

  instance(index: number): Instance {
    return this.instances[index % this.instances.length] as Instance;
  }

  declare(partitions: number, isWide = this.model.isWide) {
    this.partitions = partitions;
    const types = isWide ? ["t", "mail", "noise"] : ["t", "mail"];
    return this.instance(0).declare(this.consumer, {
      topics: [{ topic: this.topic, start: "earliest", types, liveOnly: ["mail"] }],
      partitions,
      maxInFlight: 200,
      ackTimeoutMs: 60_000,
      retry: { maxAttempts: MAX_ATTEMPTS, backoff: { delaysMs: [600_000] }, permanentErrors: ["Permanent"] },
    });
  }

  live() {
    this.members = this.members.filter(({ member }) => !member.isEnded);
    return this.members;
  }

  member(index: number): ModelMember | undefined {
    const live = this.live();
    return live[index % Math.max(1, live.length)]?.member;
  }

  /** Members take what has arrived. */
  sync(): void {
    for (const { member } of this.live()) {
      const before = member.held;
      member.sync();
      for (const it of before) if (!member.held.includes(it)) this.graveyard.push(it);
    }
  }

  read(): Promise<StoredConsumer> {
    return readStoredConsumer(this.db.database, this.consumer);
  }

  /** Rules 4 and 5 against the last time, the others against the model. */
  async check(): Promise<void> {
    this.sync();
    const stored = await this.read();
    const before = this.last;
    if (before !== null) {
      if (!this.isMovedBack) expect(stored.position).toBeGreaterThanOrEqual(before.position);
      for (const [partition, epoch] of stored.epochs.entries()) {
        expect(epoch).toBeGreaterThanOrEqual(before.epochs[partition] ?? 0);
      }
    }
    this.isMovedBack = false;
    this.last = stored;
    this.#takeBuried(stored);
    this.#told(() => checkConsumer(this.model, stored));
  }

  /** Of either instance: what is in flight at the other one is pending there. */
  async checkAccount(): Promise<void> {
    for (const instance of this.instances) {
      const [account] = await instance.account({ consumer: this.consumer, topic: this.topic });
      if (account === undefined) throw new Error(`there is no account: ${this.story()}`);
      this.#told(() => checkAccount(this.model, account));
    }
  }

  /** What is wrong is told with how it came to that. */
  #told(check: () => void): void {
    try {
      check();
    } catch (error) {
      throw new Error(`${(error as Error).message}\n${this.story()}`, { cause: error });
    }
  }

  /** The engine alone knows when it gives up what takes down its members; here is seen that it had the right to. */
  #takeBuried(stored: StoredConsumer): void {
    for (const { offset, state, attempt, attemptsMax, errorName } of stored.parked.values()) {
      const isBuried = state === "dead" || (state === "blocked" && attempt >= attemptsMax);
      const fate = this.model.fate(offset);
      if (errorName !== "ConnectionLost" || !isBuried || (fate.kind === "failed" && fate.isDead)) continue;
      expect(attempt, `attempts of ${offset}, which was buried`).toBeGreaterThan(MAX_ATTEMPTS);
      this.model.bury(offset, attempt);
    }
  }

  /** Waits until members hold all that can be delivered, or have heard of the pause. */
  async settleDown(): Promise<void> {
    if (this.live().length === 0) return;
    await this.until("what can be delivered to be delivered", async () => {
      this.sync();
      const live = this.live();
      if (live.length === 0) return true;
      if (live.some(({ member }) => member.isPaused !== this.model.isPaused)) return false;
      if (this.model.isPaused) return true;
      const held = new Set(live.flatMap(({ member }) => member.workable().map((it) => it.offset)));
      if (this.model.deliverable().every((offset) => held.has(offset))) return true;
      const stored = await this.read();
      this.#takeBuried(stored);
      // What may kill its member is delivered alone: the others wait.
      const deliverable = this.model.deliverable();
      const isAlone = deliverable.some(
        (offset) => stored.parked.get(offset)?.isAlone === true || (stored.lost.get(offset) ?? 0) >= LOST_TOGETHER,
      );
      return isAlone && deliverable.some((offset) => held.has(offset));
    });
  }

  /** A bounded poll. */
  async until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
    const endsAt = Date.now() + PATIENCE_MS;
    while (!(await holds())) {
      if (Date.now() > endsAt) throw new Error(`waited in vain for ${what}: ${this.story()}`);
      await delay(10);
    }
  }

  /** All there is to know when something is wrong. */
  story(): string {
    const fates = this.model.events.map((event) => {
      const { offset, key } = event;
      const row = this.last?.parked.get(offset);
      const isPast = this.last?.isCovered(event) ? "past" : "ahead";
      return `${offset}/${key} ${isPast} ${JSON.stringify(this.model.fate(offset))} ${row === undefined ? "" : JSON.stringify(row)}`;
    });
    const held = this.members.map(({ member }) => `${member.name}: ${JSON.stringify(member.held)}`);
    return [
      ...this.trace.slice(-80),
      `deliverable ${this.model.deliverable()}`,
      ...fates,
      ...held,
      `${this.partitions} partitions`,
    ].join("\n");
  }
}
