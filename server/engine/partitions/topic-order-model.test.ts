import { setTimeout as delay } from "node:timers/promises";
import fc from "fast-check";
import { expect, it } from "vitest";
import type { Delivery } from "../../contract/settlements.ts";
import { partitionOf } from "../../domain/partition-of.ts";
import { testDatabase } from "../../testing/test-database.ts";
import { reachable } from "../database-unavailable.ts";
import {
  acked,
  createTopic,
  failed,
  type Instance,
  openInstance,
  publish,
  type TestMember,
} from "../testing/consumer-rig.ts";
import { refuseTransactions } from "../testing/database-faults.ts";

// MODEL_RUNS looks longer; MODEL_SEED and MODEL_PATH run a failure again.
const { MODEL_RUNS, MODEL_SEED, MODEL_PATH } = process.env;
const numRuns = Number(MODEL_RUNS ?? 4);
const consumer = "ledger";
const topic = "orders";
const PARTITIONS = 3;
const EVENTS = 80;

const pick = fc.nat({ max: 7 });
const via = fc.nat({ max: 1 });
const command = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({
      kind: fc.constant("ack" as const),
      member: pick,
      count: fc.integer({ min: 1, max: 12 }),
      via,
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("fail" as const),
      member: pick,
      skipped: fc.nat({ max: 2 }),
      isLate: fc.boolean(),
      via,
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("late" as const), member: pick, via }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("skip" as const), member: pick, via }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("join" as const), via }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("leave" as const), member: pick }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("away" as const), via }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("back" as const), via }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("wait" as const), ms: fc.constantFrom(1, 10, 50) }) },
);
type Command = typeof command extends fc.Arbitrary<infer C> ? C : never;

/** A member that works through each partition in order: what a `parked` notice takes back it forgets. */
class OrderedMember {
  readonly #flows = new Map<string, Delivery[]>();
  /** Failed, and not tried again yet: a late success of it counts. */
  readonly failed = new Map<string, Delivery>();
  #seen = 0;

  constructor(readonly sink: TestMember) {}

  sync(): void {
    for (const { event, data } of this.sink.frames.slice(this.#seen)) {
      if (event === "message") {
        const delivery = data.delivery as Delivery;
        const flow = `${delivery.partition} ${delivery.epoch}`;
        this.#flows.set(flow, [...(this.#flows.get(flow) ?? []), delivery]);
      } else if (event === "parked") {
        const { partition, offset } = data as { partition: number; offset: number };
        for (const [flow, held] of this.#flows) {
          if (flow.startsWith(`${partition} `))
            this.#flows.set(
              flow,
              held.filter((it) => it.offset < offset),
            );
        }
      } else if (event === "assignment" || event === "reset") {
        const mine = new Set(
          (data.partitions as { partition: number; epoch: number }[]).map((it) => `${it.partition} ${it.epoch}`),
        );
        for (const flow of this.#flows.keys()) if (!mine.has(flow)) this.#flows.delete(flow);
        for (const [flow] of this.failed) if (!mine.has(flow)) this.failed.delete(flow);
      }
    }
    this.#seen = this.sink.frames.length;
  }

  flow(index: number): [string, Delivery[]] | undefined {
    const flows = [...this.#flows].filter(([, held]) => held.length > 0);
    return flows[index % Math.max(1, flows.length)];
  }

  take(flow: string, count: number): Delivery[] {
    const held = this.#flows.get(flow) ?? [];
    this.#flows.set(flow, held.slice(count));
    return held.slice(0, count);
  }

  put(flow: string, held: Delivery[]): void {
    this.#flows.set(flow, held);
  }

  forget(flow: string): void {
    this.#flows.delete(flow);
  }
}

class Run {
  readonly instances: Instance[] = [];
  members: OrderedMember[] = [];
  /** By offset: its end has been counted since the position was moved back. */
  readonly over = new Set<number>();
  /** Acked at any time: a replay when it comes again. */
  readonly handled = new Set<number>();
  /** Acked after they had failed: they may have been on their way again already. */
  readonly late = new Set<number>();
  readonly trace: string[] = [];
  joined = 0;

  partition(offset: number): number {
    return partitionOf({ key: `k${offset % 10}`, offset }, PARTITIONS);
  }

  instance(index: number): Instance {
    return this.instances[index % this.instances.length] as Instance;
  }

  async settle(via: number, settlements: Parameters<Instance["settle"]>[1]) {
    for (;;) {
      try {
        return await this.instance(via).settle(consumer, settlements);
      } catch (error) {
        const { code } = error as { code?: string };
        if (code === "stale-epoch") return null;
        if (code !== "database-unavailable") throw error;
        await delay(10);
      }
    }
  }

  live(): OrderedMember[] {
    this.members = this.members.filter((it) => !it.sink.isEnded);
    for (const it of this.members) it.sync();
    return this.members;
  }

  /** Nothing that is over comes again, nothing comes before what precedes it in its partition is over or in hand. */
  check(deliveries: readonly Delivery[], what: string): void {
    for (const { offset, partition, replay } of deliveries) {
      if (this.late.has(offset)) continue;
      expect(replay, `${what}: whether ${offset} is a replay\n${this.trace.join("\n")}`).toBe(this.handled.has(offset));
      expect(this.over.has(offset), `${what}: ${offset} is over already\n${this.trace.join("\n")}`).toBe(false);
      const before = Array.from({ length: offset - 1 }, (_, i) => i + 1).filter(
        (it) => this.partition(it) === partition,
      );
      const missed = before.find((it) => !this.over.has(it) && !deliveries.some((d) => d.offset === it));
      expect(missed, `${what}: ${offset} overtakes\n${this.trace.join("\n")}`).toBeUndefined();
    }
  }

  async execute(command: Command): Promise<void> {
    this.trace.push(JSON.stringify(command));
    const live = this.live();
    const member = "member" in command ? live[command.member % Math.max(1, live.length)] : undefined;
    switch (command.kind) {
      case "ack":
      case "skip": {
        const [flow] = member?.flow(command.member) ?? [];
        if (member === undefined || flow === undefined) return;
        const taken = member.take(flow, command.kind === "ack" ? command.count : 1);
        const settlements = taken.map((it) =>
          command.kind === "ack" ? acked(it) : acked(it, { outcome: "skip", reason: "void", attempt: it.attempt }),
        );
        const result = await this.settle(command.via, settlements);
        this.trace.push(`  ${flow}: ${taken.map((it) => it.offset)} ${JSON.stringify(result)}`);
        if (result === null) return member.forget(flow);
        this.check(taken, command.kind);
        expect(result.superseded ?? [], this.trace.join("\n")).toEqual([]);
        for (const it of taken) this.finish(it, command.kind === "ack");
        member.failed.delete(flow);
        return;
      }
      case "fail": {
        const [flow] = member?.flow(command.member) ?? [];
        if (member === undefined || flow === undefined) return;
        const taken = member.take(flow, command.skipped + 1);
        const bad = taken.at(-1);
        if (bad === undefined) return;
        const acks = taken.slice(0, -1).map((it) => acked(it));
        const notices = () =>
          member.sink.frames.filter((it) => it.event === "parked" && it.data.partition === bad.partition).length;
        const before = notices();
        const result = await this.settle(command.via, [...acks, failed(bad, { delayMs: command.isLate ? 300 : 0 })]);
        this.trace.push(`  ${flow}: ${taken.map((it) => it.offset)} fails ${JSON.stringify(result)}`);
        if (result === null) return member.forget(flow);
        this.check(taken, "fail");
        expect(result.superseded ?? [], this.trace.join("\n")).toEqual([]);
        for (const it of taken.slice(0, -1)) this.finish(it, true);
        member.failed.set(flow, bad);
        // Nothing more of the partition before the line.
        await member.sink.until(
          () => notices() > before || member.sink.isEnded || this.isLost(member, flow),
          "the notice",
        );
        return;
      }
      case "late": {
        const [flow, bad] = member === undefined ? [] : ([...member.failed][0] ?? []);
        if (member === undefined || flow === undefined || bad === undefined || this.over.has(bad.offset)) return;
        const result = await this.settle(command.via, [acked(bad)]);
        this.trace.push(`  ${flow}: ${bad.offset} late ${JSON.stringify(result)}`);
        member.failed.delete(flow);
        if (result === null || result.superseded !== undefined) return;
        this.finish(bad, true);
        this.late.add(bad.offset);
        // It may have been delivered again meanwhile: those deliveries are of what is over now.
        member.sync();
        this.dropFrom(member, flow, bad.offset);
        return;
      }
      case "join": {
        if (live.length >= 3) return;
        // With the database away it may not get in.
        const sink = await this.instance(command.via)
          .join(consumer, `m${this.joined++}`)
          .catch(() => null);
        if (sink !== null) this.members.push(new OrderedMember(sink));
        return;
      }
      case "leave":
        // With the database away its leases run out by themselves.
        if (live.length > 1) await member?.sink.joined?.leave().catch(() => undefined);
        return;
      case "away": {
        const away = refuseTransactions(this.instance(command.via));
        setTimeout(() => away.end(), 50);
        return;
      }
      case "back":
        await this.moveBack(this.instance(command.via));
        return;
      case "wait":
        await delay(command.ms);
    }
  }

  finish({ offset }: Delivery, isAcked: boolean): void {
    this.over.add(offset);
    if (isAcked) this.handled.add(offset);
  }

  /** Everything is delivered again, and what is parked stays so: it comes in its turn. */
  async moveBack(instance: Instance): Promise<void> {
    const at = { consumer, actor: { name: "person:model", requestId: "model" } };
    try {
      const plan = await reachable(instance.plan({ ...at, target: { to: "earliest" }, parked: "keep" }));
      await reachable(instance.change({ ...at, planId: plan.id, token: plan.token, reason: "again" }));
    } catch (error) {
      const { code } = error as { code?: string };
      if (code !== "database-unavailable" && code !== "plan-outdated") throw error;
      return;
    }
    this.over.clear();
    this.late.clear();
  }

  isLost(member: OrderedMember, flow: string): boolean {
    const assignment = member.sink.frame("assignment")?.data.partitions as
      | { partition: number; epoch: number }[]
      | undefined;
    return !(assignment ?? []).some((it) => `${it.partition} ${it.epoch}` === flow);
  }

  dropFrom(member: OrderedMember, flow: string, offset: number): void {
    const kept = member.take(flow, Number.MAX_SAFE_INTEGER).filter((it) => it.offset !== offset);
    member.put(flow, kept);
  }
}

it("a topic-ordered consumer skips nothing, repeats nothing that is over and keeps the order of its partitions, whatever happens", {
  timeout: numRuns * 120_000,
}, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(command, { minLength: 30, maxLength: 60, size: "max" }), async (commands) => {
      const db = await testDatabase();
      const run = new Run();
      try {
        run.instances.push(
          openInstance(db.url, { leaseMs: 600, drainMs: 100 }),
          openInstance(db.url, { leaseMs: 600, drainMs: 100 }),
        );
        const first = run.instance(0);
        const topicId = await createTopic(db.database, topic);
        await first.declare(consumer, {
          topics: [{ topic, start: "earliest" }],
          ordering: "topic",
          partitions: PARTITIONS,
          maxInFlight: 12,
          retry: { maxAttempts: 100, backoff: { delaysMs: [0] }, permanentErrors: [] },
        });
        await publish(first, topicId, { count: EVENTS, keys: 10 });
        await run.execute({ kind: "join", via: 0 });
        await run.execute({ kind: "join", via: 1 });
        await delay(100);
        for (const it of commands) await run.execute(it);
        const endsAt = Date.now() + 20_000;
        for (let i = 0; run.over.size < EVENTS; i++) {
          if (Date.now() > endsAt) {
            const left = Array.from({ length: EVENTS }, (_, n) => n + 1).filter((it) => !run.over.has(it));
            throw new Error(`not drained: ${left}, parked ${await first.parked(consumer)}\n${run.trace.join("\n")}`);
          }
          await run.execute({ kind: "ack", member: i, count: 12, via: 0 });
          await delay(5);
        }
        await expect.poll(async () => (await first.describe({ consumer })).topics[0]?.position).toBe(EVENTS);
      } finally {
        for (const it of run.instances) await it.close("crashed");
        await db.drop();
      }
    }),
    {
      numRuns,
      endOnFailure: true,
      ...(MODEL_SEED !== undefined && { seed: Number(MODEL_SEED) }),
      ...(MODEL_PATH !== undefined && { path: MODEL_PATH }),
    },
  );
});
