import { expect } from "vitest";
import { createTopic } from "../../engine/testing/consumer-rig.ts";
import type { TestDatabase } from "../test-database.ts";
import type { Command } from "./commands.ts";
import { MemberCommands } from "./member-commands.ts";
import { ModelWorld, PATIENCE_MS } from "./model-world.ts";
import { OperatorCommands } from "./operator-commands.ts";

/** One run of commands. */
export class ModelRun {
  readonly #world: ModelWorld;
  readonly #members: MemberCommands;
  readonly #operators: OperatorCommands;

  constructor(db: TestDatabase) {
    this.#world = new ModelWorld(db);
    this.#members = new MemberCommands(this.#world);
    this.#operators = new OperatorCommands(this.#world);
  }

  async open(): Promise<void> {
    const world = this.#world;
    world.instances.push(world.openInstance(), world.openInstance());
    world.topicId = await createTopic(world.db.database, world.topic);
    await world.declare(2);
    await this.#operators.aside({ kind: "publish", keys: [1, 2, 1, 0, 1, 6, 3, 5, 7, 2] });
    await this.#operators.aside({ kind: "join", instance: 0 });
    await this.#operators.aside({ kind: "join", instance: 1 });
    await world.check();
    await world.settleDown();
  }

  async close(): Promise<void> {
    await Promise.all(this.#world.instances.map((it) => it.close("crashed")));
  }

  async execute(command: Command): Promise<void> {
    const world = this.#world;
    world.sync();
    world.trace.push(JSON.stringify(command.kind === "work" ? (command.aside ?? "work") : command));
    await this.#run(command);
    await world.check();
    await world.settleDown();
    await world.check();
    await world.checkAccount();
  }

  /** Every cause is cured, everything waits no longer: all events come to their end, in order. */
  async drain(): Promise<void> {
    const world = this.#world;
    const { model } = world;
    await this.#operators.aside({ kind: "resume" });
    if (world.live().length === 0) await this.#operators.aside({ kind: "join", instance: 0 });
    const endsAt = Date.now() + 2 * PATIENCE_MS;
    while (model.events.some((it) => !model.isOver(it.offset))) {
      if (Date.now() > endsAt) throw new Error(`not drained: ${world.story()}`);
      await this.#operators.passTime();
      await world.check();
      await this.#operators.redrive();
      await world.settleDown();
      const answers = world
        .live()
        .flatMap(({ member }) =>
          member.workable().map((it) => this.#members.handle(member, it, { handling: "ack", hasState: true })),
        );
      await this.#members.send(answers.map((it) => ({ ...it, via: 0 })));
      await world.check();
    }
    await world.until("the position to reach the head", async () => (await world.read()).position === model.head);
    await world.check();
    await world.checkAccount();
    expect([...(world.last?.parked.values() ?? [])].filter((it) => it.state !== "discarded")).toEqual([]);
    // That its database was away an instance says aloud.
    const isAway = (error: Error) => (error as { code?: unknown }).code === "ECONNREFUSED";
    for (const { errors } of world.instances) expect(errors.filter((it) => !isAway(it))).toEqual([]);
    const { rows } = await world.db.database.pool.query(
      "SELECT FROM audit_entry WHERE request_id = $1 AND actor = $2 AND reason IS NOT NULL",
      [world.actor.requestId, world.actor.name],
    );
    expect(rows).toHaveLength(world.verbs);
  }

  async #run(command: Command): Promise<void> {
    const [members, operators] = [this.#members, this.#operators];
    switch (command.kind) {
      case "work": {
        const answers = command.works.flatMap((it) => members.work(it));
        const { aside } = command;
        // What is sent to an instance that crashes has no known outcome; members of it may well send to the other.
        const isSafe = aside?.kind !== "crash";
        const sending = members.send(answers.map((it) => (isSafe ? it : { ...it, via: aside.instance + 1 })));
        if (aside !== null) await operators.aside(aside, sending);
        return sending;
      }
      case "repeat":
        return members.repeat(command);
      case "stale":
        return members.stale(command);
      case "time":
        return operators.passTime();
      case "redrive":
        return operators.redrive();
      case "discard":
        return operators.discard(command.pick);
      case "undo":
        return operators.undo();
      case "aside":
        return operators.aside(command.aside);
    }
  }
}
