import { setTimeout as delay } from "node:timers/promises";
import type { Operation } from "../../contract/operations.ts";
import type { PositionChange, PositionPlan, PositionPlanRequest } from "../../contract/position-changes.ts";
import { DomainError } from "../../domain/errors.ts";
import { refuseTransactions } from "../../engine/testing/database-faults.ts";
import type { Aside } from "./commands.ts";
import type { ModelEvent, StoredFates } from "./consumer-model.ts";
import { ModelMember } from "./model-member.ts";
import type { ModelWorld } from "./model-world.ts";
import { passTime } from "./pass-time.ts";
import { publishAs } from "./publish-as.ts";
import type { StoredConsumer, StoredRow } from "./stored-consumer.ts";

const MAX_MEMBERS = 3;
const MAX_EVENTS = 60;
const AWAY_MS = 60;
/** By number; all others have a key of their own. */
const PUBLISHED: Readonly<Record<number, Pick<ModelEvent, "key" | "type">>> = {
  0: { key: null, type: "t" },
  5: { key: null, type: "noise" },
  6: { key: "k1", type: "mail" },
  7: { key: null, type: "mail" },
};

/** What operators, publishers and fate do. */
export class OperatorCommands {
  readonly #world: ModelWorld;
  #joined = 0;

  constructor(world: ModelWorld) {
    this.#world = world;
  }

  get #at() {
    const { consumer, actor } = this.#world;
    return { consumer, actor };
  }

  async passTime(): Promise<void> {
    await passTime(this.#world.instance(1), this.#world.consumer);
    this.#world.model.passTime();
  }

  async redrive(): Promise<void> {
    const heads = this.#parkedIn("dead");
    if (heads.length === 0) return;
    await this.#operate(this.#world.instance(1).redrive({ ...this.#at, filter: { all: true }, reason: "cured" }));
    this.#world.model.redrive((offset) => heads.includes(offset));
  }

  async discard(pick: number): Promise<void> {
    const heads = this.#parkedIn("dead");
    const offset = heads[pick % Math.max(1, heads.length)];
    if (offset === undefined) return;
    await this.#operate(
      this.#world.instance(0).discard({ ...this.#at, filter: { topic: this.#world.topic, offset }, reason: "void" }),
    );
    this.#world.model.discard(offset);
  }

  #parkedIn(state: StoredRow["state"]): number[] {
    return [...(this.#world.last?.parked.values() ?? [])].filter((it) => it.state === state).map((it) => it.offset);
  }

  /** Starts an operation and waits until it has taken up everything. */
  async #operate(starting: Promise<Operation>): Promise<void> {
    const { id } = await starting;
    this.#world.verbs += 1;
    await this.#world.until("an operation to take up everything", async () => {
      const { status, done, total } = await this.#world.instance(0).operation({ id });
      if (status === "failed" || status === "aborted") throw new Error(`the operation is ${status}`);
      return done >= total;
    });
  }

  async undo(): Promise<void> {
    const { change } = this.#world.model;
    if (change === null) return;
    await this.#world.instance(1).undo({ ...this.#at, id: change.id, reason: "a mistake" });
    this.#world.verbs += 1;
    const stored = await this.#world.read();
    this.#world.isMovedBack = true;
    this.#world.counted = [];
    this.#world.model.undo(this.#storedFates(stored));
  }

  #storedFates(stored: StoredConsumer): StoredFates {
    return {
      isCovered: (offset) => stored.isCovered(this.#world.model.event(offset)),
      isDiscarded: (offset) => stored.parked.get(offset)?.state === "discarded",
      parkedAttempt(offset) {
        const row = stored.parked.get(offset);
        if (row === undefined || row.state === "discarded") return null;
        return { attempt: row.attempt, isDead: row.state === "dead", isDue: row.isDue || row.state === "blocked" };
      },
    };
  }

  /** Something happens beside the work; `after`: what was sent before it counts before it. */
  async aside(aside: Aside, after: Promise<void> = Promise.resolve()): Promise<void> {
    const model = this.#world.model;
    switch (aside.kind) {
      case "publish":
        return this.#publish(aside.keys, 0);
      case "join": {
        if (this.#world.live().length >= MAX_MEMBERS) return;
        const name = `m${this.#joined++}`;
        const instance = this.#world.instance(aside.instance);
        const member = new ModelMember(model, name, await instance.join(this.#world.consumer, name));
        this.#world.members.push({ member, instance });
        return;
      }
      case "leave": {
        const leaving = this.#world.member(aside.member);
        if (leaving === undefined) return;
        // What is on its way when a delivery breaks off may count or not: here it is known.
        await after;
        this.#world.graveyard.push(...leaving.held);
        return leaving.sink.joined?.leave();
      }
      case "crash": {
        const index = aside.instance % this.#world.instances.length;
        const dead = this.#world.instance(index);
        this.#world.graveyard.push(
          ...this.#world.members.filter((it) => it.instance === dead).flatMap((it) => it.member.held),
        );
        this.#world.members = this.#world.members.filter((it) => it.instance !== dead);
        // The other one is used meanwhile, whatever the number.
        await after;
        this.#world.instances[index] = this.#world.openInstance();
        return dead.close("crashed");
      }
      case "away": {
        const away = refuseTransactions(this.#world.instance(aside.instance));
        try {
          await this.#publish([aside.key], aside.instance + 1);
          await delay(AWAY_MS);
        } finally {
          away.end();
        }
        return;
      }
      case "pause":
        model.isPaused = true;
        this.#world.verbs += 1;
        await this.#world.instance(0).pause({ ...this.#at, reason: "a look" });
        return;
      case "resume":
        if (!model.isPaused) return;
        model.isPaused = false;
        this.#world.verbs += 1;
        await this.#world.instance(1).resume({ ...this.#at, reason: "seen" });
        return;
      case "reset":
      case "skip": {
        const to = aside.kind === "reset" ? "earliest" : "latest";
        const { id, changes } = await this.#move({ to }, aside.parked);
        this.#world.verbs += 1;
        // All that counted was before it: afterwards the epochs are others.
        await after;
        if (to === "earliest" && changes[0]?.rerun !== 0) model.reset(id, aside.parked);
        else {
          const stored = this.#storedFates(await this.#world.read());
          if (to === "latest") model.skip(id, aside.parked, stored);
          else model.leave(id, aside.parked, stored);
        }
        this.#world.isMovedBack = true;
        this.#world.counted = [];
        return;
      }
      case "filter": {
        await this.#world.declare(this.#world.partitions, aside.isWide);
        await after;
        model.filter(aside.isWide, this.#storedFates(await this.#world.read()));
        this.#world.counted = [];
        return;
      }
      case "partitions":
        await this.#world.declare(aside.count);
        await after;
        this.#world.counted = [];
    }
  }

  #publish(of: readonly number[], via: number): Promise<void> {
    const { model } = this.#world;
    const room = MAX_EVENTS - model.head;
    const events = of.slice(0, Math.max(0, room)).map((it) => PUBLISHED[it] ?? { key: `k${it}`, type: "t" as const });
    for (const { key, type } of events) model.publish(key, type);
    return publishAs(this.#world.instance(via), this.#world.topicId, events);
  }

  async #move(target: PositionPlanRequest["target"], parked: "keep" | "clear"): Promise<PositionChange> {
    const instance = this.#world.instance(1);
    const at = this.#at;
    let plan: Pick<PositionPlan, "id" | "token"> = await instance.plan({ ...at, target, parked });
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
}
