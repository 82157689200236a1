import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Delivery } from "../../contract/settlements.ts";
import { testDatabase } from "../../testing/test-database.ts";
import { createTopic, type Instance, openInstance, publish, type TestMember } from "../testing/consumer-rig.ts";

let db: Awaited<ReturnType<typeof testDatabase>>;
beforeAll(async () => {
  db = await testDatabase();
});
afterAll(() => db.drop());

const command = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("settle" as const), share: fc.integer({ min: 1, max: 9 }) }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant("partitions" as const), partitions: fc.integer({ min: 1, max: 7 }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant("publish" as const), count: fc.integer({ min: 1, max: 40 }) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("rejoin" as const), member: fc.integer({ min: 0, max: 2 }) }) },
);

let run = 0;

test("whatever happens to the number of partitions and the members, nothing settled is delivered again and nothing is skipped", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(command, { minLength: 3, maxLength: 14 }), async (commands) => {
      run += 1;
      const topic = `t-${run}`;
      const consumer = `c-${run}`;
      const topicId = await createTopic(db.database, topic);
      const instances = [openInstance(db.url), openInstance(db.url)] as const;
      const declare = (partitions: number) =>
        instances[0].declare(consumer, { topics: [{ topic, start: "earliest" }], partitions, maxInFlight: 25 });
      const model = new Model(instances, consumer);
      try {
        await declare(2);
        await publish(instances[0], topicId, { count: 30, keys: 13 });
        let published = 30;
        for (let i = 0; i < 3; i++) await model.join(i);
        for (const it of commands) {
          if (it.kind === "settle") await model.settleSome(it.share);
          else if (it.kind === "partitions") await declare(it.partitions);
          else if (it.kind === "rejoin") await model.rejoin(it.member);
          else {
            await publish(instances[0], topicId, { count: it.count, keys: 13 });
            published += it.count;
          }
          expect(model.repeats()).toEqual([]);
        }
        await model.settleAll(published);
        expect(model.repeats()).toEqual([]);
        await expect
          .poll(async () => (await instances[0].describe({ consumer })).topics[0]?.position, { timeout: 5_000 })
          .toBe(published);
        expect(instances.flatMap((it) => it.errors)).toEqual([]);
      } finally {
        await Promise.all(instances.map((it) => it.close("drained")));
      }
    }),
    { numRuns: 12, endOnFailure: true },
  );
}, 120_000);

/** Members at two instances that settle at random, and what is known to be settled. */
class Model {
  readonly settled = new Set<number>();
  readonly #members = new Map<number, { member: TestMember; instance: Instance; seen: number }>();
  readonly #repeats: number[] = [];
  #open: { delivery: Delivery; instance: Instance }[] = [];

  constructor(
    readonly instances: readonly [Instance, Instance],
    readonly consumer: string,
  ) {}

  async join(index: number): Promise<void> {
    const instance = this.instances[index % 2 === 0 ? 0 : 1];
    this.#members.set(index, { member: await instance.join(this.consumer, `m${index}`), instance, seen: 0 });
  }

  async rejoin(index: number): Promise<void> {
    await this.#members.get(index)?.member.joined?.leave();
    this.#take();
    await this.join(index);
  }

  /** Settles some of what was delivered, some of it at the other instance. */
  async settleSome(share: number): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, 5));
    this.#take();
    const chosen = this.#open.filter((_, i) => (i * 7 + share) % 10 < share);
    for (const { delivery, instance } of chosen) {
      const at = delivery.offset % 5 === 0 ? this.#other(instance) : instance;
      const isCounted = await at.ack(this.consumer, [delivery]).then(
        () => true,
        (error: { code?: string }) => {
          if (error.code !== "stale-epoch") throw error;
          return false;
        },
      );
      if (isCounted) this.settled.add(delivery.offset);
      this.#open = this.#open.filter((it) => it.delivery !== delivery);
    }
  }

  async settleAll(published: number): Promise<void> {
    const deadline = performance.now() + 15_000;
    while (this.settled.size < published) {
      if (performance.now() > deadline) {
        const missing = Array.from({ length: published }, (_, i) => i + 1).filter((it) => !this.settled.has(it));
        throw new Error(`never delivered: ${missing.join(" ")}`);
      }
      await this.settleSome(10);
    }
    this.#take();
  }

  /** Offsets that were delivered although they had been settled before. */
  repeats(): number[] {
    this.#take();
    return this.#repeats;
  }

  #other(instance: Instance): Instance {
    return instance === this.instances[0] ? this.instances[1] : this.instances[0];
  }

  #take(): void {
    for (const entry of this.#members.values()) {
      for (const delivery of entry.member.deliveries.slice(entry.seen)) {
        if (this.settled.has(delivery.offset)) this.#repeats.push(delivery.offset);
        this.#open.push({ delivery, instance: entry.instance });
      }
      entry.seen = entry.member.deliveries.length;
    }
  }
}
