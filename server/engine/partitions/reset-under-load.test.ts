import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { Delivery, Settlement } from "../../contract/settlements.ts";
import { DomainError } from "../../domain/errors.ts";
import { ModelMember } from "../../testing/model/model-member.ts";
import { type TestDatabase, testDatabase } from "../../testing/test-database.ts";
import { acked, boom, createTopic, type Instance, openInstance, publish } from "../testing/consumer-rig.ts";

const consumer = "billing";
const topic = "orders";
const actor = { name: "person:ada@example.org", requestId: "r1" };
const KEYS = 80;
const MEMBERS = 8;
/** Their events fail until the cause is cured. */
const POISONED = new Set(["k3", "k17"]);

let db: TestDatabase;
let a: Instance;
let b: Instance;
let topicId: number;

beforeEach(async () => {
  db = await testDatabase();
  [a, b] = [openInstance(db.url), openInstance(db.url)];
  topicId = await createTopic(db.database, topic);
});
afterEach(async () => {
  await Promise.all([a.close("crashed"), b.close("crashed")]);
  await db.drop();
});

const keyOf = (offset: number) => `k${offset % KEYS}`;
const published = {
  event: (offset: number) => ({ key: keyOf(offset), type: "t" as const }),
  isNeverWanted: () => false,
};

/** Members that work without a break until they are told to stop. */
class Workers {
  readonly members: ModelMember[] = [];
  /** How often each event was settled, as the server said. */
  readonly counted = new Map<number, number>();
  /** Deliveries that members are still at work on, one each, once that is asked for. */
  readonly slow = new Map<ModelMember, Delivery>();
  isSlow = false;
  settled = 0;
  isCured = false;
  #isStopping = false;
  #running: Promise<unknown> = Promise.resolve();

  async start(): Promise<void> {
    for (let i = 0; i < MEMBERS; i++) {
      const instance = i % 2 === 0 ? a : b;
      this.members.push(new ModelMember(published, `m${i}`, await instance.join(consumer, `m${i}`)));
    }
    this.#running = Promise.all(this.members.map((it, i) => this.#work(it, i)));
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    await this.#running;
  }

  async until(settled: number): Promise<void> {
    const goal = this.settled + settled;
    await this.while(() => this.settled < goal);
  }

  /** Waits as long as something holds, unless a worker fails. */
  async while(holds: () => boolean | Promise<boolean>): Promise<void> {
    let failure: unknown = null;
    this.#running.catch((error: unknown) => {
      failure = error ?? new Error("a worker failed");
    });
    for (const endsAt = Date.now() + 20_000; await holds(); await delay(5)) {
      if (failure !== null) throw new Error("a worker failed", { cause: failure });
      if (Date.now() > endsAt) throw new Error(`waited in vain after ${this.settled} settlements`);
    }
  }

  async #work(member: ModelMember, index: number): Promise<void> {
    for (let turn = index; !this.#isStopping; turn++) {
      member.sync();
      const [first] = member.workable();
      if (this.isSlow && first !== undefined && !this.slow.has(member)) {
        this.slow.set(member, first);
        member.answer(first, false);
      }
      const slow = this.slow.get(member);
      // Nothing of its key overtakes what is being worked on.
      const deliveries = member
        .workable()
        .filter((it) => slow === undefined || keyOf(it.offset) !== keyOf(slow.offset));
      if (deliveries.length === 0) await delay(2);
      else await this.#settle(member, deliveries, turn % 3 === 0 ? b : a);
    }
  }

  async #settle(member: ModelMember, deliveries: readonly Delivery[], via: Instance): Promise<void> {
    const settlements = deliveries.map((it): Settlement => {
      const isFailure = !this.isCured && POISONED.has(keyOf(it.offset));
      member.answer(it, isFailure);
      if (isFailure) return { ...acked(it), outcome: "dead-letter", attempt: it.attempt, error: boom };
      return acked(it, { state: { set: { [`runs/${it.offset}`]: it.epoch } } });
    });
    try {
      const { superseded } = await via.settle(consumer, settlements);
      expect(superseded ?? []).toEqual([]);
      for (const { outcome, offset = 0 } of settlements) {
        if (outcome === "ack") this.counted.set(offset, (this.counted.get(offset) ?? 0) + 1);
      }
      this.settled += settlements.length;
    } catch (error) {
      if (!(error instanceof DomainError) || error.code !== "stale-epoch") throw error;
      for (const it of deliveries) member.lose(it);
    } finally {
      member.answered();
    }
  }
}

/**
 * Writes down, within the very transaction that moves positions, what stands before and after: no other look could be
 * exact while members settle.
 */
async function recordMoves(): Promise<void> {
  await db.database.pool.query(`
    CREATE TABLE moved (place serial, moment text, cursors json, parked json);
    CREATE FUNCTION record_move() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      INSERT INTO moved (moment, cursors, parked)
      SELECT TG_ARGV[0],
        (SELECT json_agg(json_build_array(partition, position, settled::text) ORDER BY partition) FROM cursor),
        (SELECT json_agg(p ORDER BY "offset") FROM parked_event p);
      RETURN NULL;
    END $$;
    CREATE TRIGGER record_before BEFORE DELETE ON cursor FOR EACH STATEMENT EXECUTE FUNCTION record_move('before');
    CREATE TRIGGER record_after AFTER INSERT ON position_change FOR EACH STATEMENT EXECUTE FUNCTION record_move('after');
  `);
}

interface Recorded {
  readonly moment: "before" | "after";
  readonly cursors: unknown[];
  readonly parked: unknown[] | null;
}

it("a reset under load with eight members ends no stream, lets no old lease settle, and its undo is exact", async () => {
  await a.declare(consumer, {
    topics: [{ topic, start: "earliest" }],
    partitions: MEMBERS,
    maxInFlight: 100,
    retry: { maxAttempts: 2, backoff: { delaysMs: [600_000] }, permanentErrors: [] },
  });
  await publish(a, topicId, { count: 2_000, keys: KEYS });
  await recordMoves();
  const workers = new Workers();
  await workers.start();
  await workers.until(500);

  workers.isSlow = true;
  await workers.while(() => workers.slow.size < MEMBERS);
  const change = await reset();
  await publish(b, topicId, { count: 2_000, keys: KEYS });
  for (const delivery of workers.slow.values()) {
    const it = acked(delivery, { state: { set: { poison: delivery.offset } } });
    await expect(a.settle(consumer, [it])).rejects.toMatchObject({ code: "stale-epoch" });
    await expect(b.settle(consumer, [it])).rejects.toMatchObject({ code: "stale-epoch" });
  }
  workers.isSlow = false;
  workers.slow.clear();
  await workers.while(() => workers.members.some((it) => it.sink.frame("reset")?.data.change !== change));
  await workers.until(1_000);
  const undone = await a.undo({ consumer, id: change, reason: "that was wrong", actor });
  await workers.while(() => workers.members.some((it) => it.sink.frame("reset")?.data.change !== undone.id));
  await workers.until(500);

  workers.isCured = true;
  a.startOperations();
  await workers.while(async () => {
    const { topics, parked } = await a.describe({ consumer });
    // Again, when something that had failed was on its way to being parked the first time.
    if (parked.dead > 0 && parked.retrying === 0) {
      await a.redrive({ consumer, filter: { all: true }, reason: "cured", actor });
    }
    return topics[0]?.position !== 4_000 || parked.blocked + parked.dead + parked.retrying > 0;
  });
  await workers.stop();

  expect(workers.members.filter((it) => it.isEnded)).toEqual([]);
  expect((await a.describe({ consumer })).members.map((it) => it.member).sort()).toEqual(
    workers.members.map((it) => it.name).sort(),
  );
  const { rows } = await db.database.pool.query<Recorded>("SELECT moment, cursors, parked FROM moved ORDER BY place");
  expect(rows.map((it) => it.moment)).toEqual(["before", "after", "before", "after"]);
  const [beforeReset, afterReset, , afterUndo] = rows;
  expect(afterReset?.parked).toBeNull();
  expect(beforeReset?.parked?.length).toBeGreaterThan(0);
  expect({ ...afterUndo, moment: "before" }).toEqual(beforeReset);
  // Every settlement that counted wrote its event's entry once, and nothing else did.
  const versions = await db.database.pool.query<{ offset: number; version: number }>(
    `SELECT substr(key, 6)::int AS "offset", version FROM state_entry WHERE key LIKE 'runs/%'`,
  );
  expect(new Map(versions.rows.map((it) => [it.offset, it.version]))).toEqual(
    new Map([...workers.counted].sort(([x], [y]) => x - y)),
  );
  await expect(a.getState({ consumer, key: "poison" })).rejects.toMatchObject({ code: "state-entry-not-found" });
  expect([...a.errors, ...b.errors]).toEqual([]);
}, 90_000);

async function reset(): Promise<string> {
  const plan = await b.plan({ consumer, target: { to: "earliest" }, parked: "clear", actor });
  const { id } = await b.change({ consumer, planId: plan.id, token: plan.token, reason: "wrong rate", actor });
  return id;
}
