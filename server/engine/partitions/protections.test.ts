import { randomUUID } from "node:crypto";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { Delivery } from "../../contract/settlements.ts";
import { beatHearts } from "../../store/members/heartbeat.ts";
import { claimLeases } from "../../store/members/lease-claim.ts";
import { joinSession } from "../../store/members/session-join.ts";
import { passLayouts } from "../../store/positions/layouts-pass.ts";
import { passTime } from "../../testing/model/pass-time.ts";
import { type TestDatabase, testDatabase } from "../../testing/test-database.ts";
import { createTopic, type Instance, openInstance, publish, type TestMember } from "../testing/consumer-rig.ts";
import { newEvent } from "../testing/topic-rig.ts";
import { createAppender } from "../topics/appender.ts";

// Races that only a second connection shows. Each of these fails when the protection it is named for is taken out.

const consumer = "billing";
const topic = "orders";

let db: TestDatabase;
let topicId: number;
let open: Instance[];

beforeEach(async () => {
  db = await testDatabase();
  topicId = await createTopic(db.database, topic);
  open = [];
});
afterEach(async () => {
  await Promise.all(open.map((it) => it.close("crashed")));
  await db.drop();
});

function instance(leaseMs = 1_000): Instance {
  const opened = openInstance(db.url, { leaseMs });
  open.push(opened);
  return opened;
}

async function delivered(at: Instance, count: number): Promise<TestMember> {
  await at.declare(consumer, {
    topics: [{ topic, start: "earliest" }],
    retry: { maxAttempts: 5, backoff: { delaysMs: [0] }, permanentErrors: [] },
  });
  await publish(at, topicId, { count, keys: 1 });
  const member = await at.join(consumer, "m1");
  await member.delivered(count);
  return member;
}

const last = (member: TestMember): Delivery => member.deliveries.at(-1) as Delivery;

/** Does something while another connection holds locks, once somebody waits for those. */
async function whileLocked(
  lock: string,
  work: () => { readonly meanwhile: () => void | Promise<void> },
): Promise<void> {
  const other = await db.database.pool.connect();
  try {
    await other.query("BEGIN");
    await other.query(lock);
    const { meanwhile } = work();
    await expect
      .poll(async () => {
        const { rows } = await db.database.pool.query(
          "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
        );
        return rows.length;
      })
      .toBeGreaterThan(0);
    await meanwhile();
    await other.query("COMMIT");
  } catch (error) {
    await other.query("ROLLBACK");
    throw error;
  } finally {
    other.release();
  }
}

/** Nothing has reached the instance yet: it thinks what it thought. */
async function refusedOnce(change: string, code: string): Promise<void> {
  const a = instance(60_000);
  const member = await delivered(a, 3);
  await db.database.pool.query(change);
  const state = { set: { seen: true } };
  for (const more of [{}, { state }]) {
    await expect(a.ack(consumer, member.deliveries, more)).rejects.toMatchObject({ code });
  }
  expect((await a.describe({ consumer })).topics[0]?.position).toBe(0);
  await expect(a.getState({ consumer, key: "seen" })).rejects.toMatchObject({ code: "state-entry-not-found" });
}

it("an ack under an old epoch moves no position and writes no state", () =>
  refusedOnce("UPDATE lease SET epoch = epoch + 1", "stale-epoch"));

it("an instance that still thinks it holds a partition settles nothing of it once another one does", () =>
  refusedOnce(`UPDATE lease SET holder = '${randomUUID()}'`, "holder-unavailable"));

it("a settlement that decides on parked events waits for whoever changes them", async () => {
  const a = instance();
  const member = await delivered(a, 1);
  await a.retry(consumer, [last(member)]);
  await member.delivered(2);
  let ack: ReturnType<Instance["ack"]> | undefined;
  await whileLocked(
    `WITH l AS (SELECT FROM lease FOR UPDATE), v AS (UPDATE lease SET parked_version = parked_version + 1)
     UPDATE parked_event SET state = 'discarded', due_at = NULL WHERE (SELECT count(*) FROM l) > 0`,
    () => {
      ack = a.ack(consumer, [last(member)]);
      return { meanwhile: () => undefined };
    },
  );
  await ack;
  expect(await a.parked(consumer)).toEqual(["orders/1 discarded 1"]);
});

it("a settlement is answered when it is committed, not before", async () => {
  const a = instance();
  const member = await delivered(a, 1);
  let isAnswered = false;
  let answer: Promise<unknown> = Promise.resolve();
  await whileLocked("SELECT FROM lease FOR UPDATE", () => {
    answer = a.ack(consumer, [last(member)]).then(() => {
      isAnswered = true;
    });
    return { meanwhile: () => expect(isAnswered).toBe(false) };
  });
  await answer;
  expect((await a.describe({ consumer })).topics[0]?.position).toBe(1);
});

it("an event is answered when it is committed, not before", async () => {
  const { database, wakeups } = instance();
  const appender = createAppender(database, { wakeups, onCommitted: () => undefined, onError: () => undefined });
  let isAnswered = false;
  let answer: Promise<unknown> = Promise.resolve();
  const event = newEvent({ data: "1" });
  await whileLocked("SELECT FROM topic_head FOR UPDATE", () => {
    answer = appender.append(topicId, { events: [event], expect: null }).then((result) => {
      isAnswered = true;
      return result;
    });
    return { meanwhile: () => expect(isAnswered).toBe(false) };
  });
  expect(await answer).toMatchObject({ events: [{ offset: 1, duplicate: false }] });
  await appender.close();
});

/** A member's connection as the store knows it, without a stream. */
async function connect(consumerId: number, member: string) {
  const it = { consumerId, member, session: randomUUID(), instance: randomUUID(), lastsMs: 60_000, leaseMs: 60_000 };
  await db.database.pool.query("UPDATE member SET is_connected = false");
  await joinSession(db.database.pool, { ...it, address: null, isPull: false, deadInstances: [] });
  const claim = () => claimLeases(db.database.pool, { ...it, layout: 1, partitions: [0] });
  return { ...it, claim };
}

async function declared(): Promise<number> {
  await instance().declare(consumer, { topics: [{ topic, start: "earliest" }] });
  const { rows } = await db.database.pool.query<{ id: number }>("SELECT id FROM consumer");
  return rows[0]?.id ?? 0;
}

it("a lease that is held cannot be claimed by another member before its time has passed", async () => {
  const consumerId = await declared();
  const first = await connect(consumerId, "m1");
  const second = await connect(consumerId, "m2");
  expect(await first.claim()).toEqual([{ partition: 0, epoch: 1 }]);
  expect(await second.claim()).toEqual([]);
  await db.database.pool.query("UPDATE lease SET expires_at = now() - interval '1 ms'");
  expect(await second.claim()).toEqual([{ partition: 0, epoch: 2 }]);
});

it("a heartbeat of a connection that was replaced renews nothing of its successor", async () => {
  const consumerId = await declared();
  const first = await connect(consumerId, "m1");
  const second = await connect(consumerId, "m1");
  await second.claim();
  const expiries = async () =>
    (
      await db.database.pool.query(
        "SELECT m.expires_at, l.expires_at AS lease FROM member m JOIN lease l ON l.member = m.member",
      )
    ).rows;
  const before = await expiries();
  expect(before).toHaveLength(1);
  await beatHearts(db.database.pool, {
    instance: first.instance,
    members: [{ ...first, lastsMs: 120_000 }],
    inFlight: [],
  });
  expect(await expiries()).toEqual(before);
  await beatHearts(db.database.pool, {
    instance: second.instance,
    members: [{ ...second, lastsMs: 120_000 }],
    inFlight: [],
  });
  expect(await expiries()).not.toEqual(before);
});

it("a move back delivers everything again, although another instance has forgotten an earlier layout meanwhile", async () => {
  const a = openInstance(db.url, { leaseMs: 60_000 });
  open.push(a);
  const b = instance();
  const declare = (partitions: number) => b.declare(consumer, { topics: [{ topic, start: "earliest" }], partitions });
  await declare(2);
  await publish(a, topicId, { count: 10, keys: 0 });
  const member = await a.join(consumer, "m1");
  await member.delivered(10);
  // Keyless events: the even ones are those of partition 0.
  await a.ack(
    consumer,
    member.deliveries.filter((it) => it.partition === 0),
  );
  await declare(1);
  await member.delivered(15);
  await a.ack(consumer, member.deliveries.slice(10));
  expect(await passLayouts(db.database.pool, 1)).toBe(1);
  const actor = { name: "person:ada@example.org", requestId: "r1" };
  const plan = await b.plan({ consumer, target: { to: "earliest" }, actor });
  await b.change({ consumer, planId: plan.id, token: plan.token, reason: "again", actor });
  await member.until(() => member.frame("caught-up") !== undefined && member.offsets.length >= 25, "all ten again");
  expect(member.offsets.slice(15)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
});

it("a parked event that is released after a change of partitions counts once, however often its ack is repeated", async () => {
  const a = instance();
  const b = instance();
  const declare = (partitions: number) =>
    a.declare(consumer, { topics: [{ topic, start: "earliest" }], partitions, reconnectGraceMs: 5_000 });
  await declare(2);
  await publish(a, topicId, { count: 3, keys: 0 });
  const member = await a.join(consumer, "m1");
  await member.delivered(3);
  await a.retry(
    consumer,
    member.deliveries.filter((it) => it.offset === 3),
    { delayMs: 600_000 },
  );
  await declare(1);
  await member.delivered(5);
  await passTime(a, consumer);
  await member.delivered(6);
  expect(last(member)).toMatchObject({ offset: 3, parked: true });
  const released = last(member);
  for (const at of [a, b, a]) await at.ack(consumer, [released], { state: { set: { runs: 1 } } });
  // Who takes the session over knows no more than the database does.
  open.splice(open.indexOf(a), 1);
  await a.close("crashed");
  await b.ack(consumer, [released], { state: { set: { runs: 1 } } });
  expect(await b.getState({ consumer, key: "runs" })).toMatchObject({ version: 1 });
});
