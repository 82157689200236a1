import { afterAll, beforeAll, expect, test } from "vitest";
import type { Delivery } from "../../contract/settlements.ts";
import type { SavedCursor } from "../../domain/restore-point.ts";
import { type TestDatabase, testDatabase } from "../../testing/test-database.ts";
import {
  acked,
  createTopic,
  failed,
  type Instance,
  openInstance,
  publish,
  type TestMember,
} from "../testing/consumer-rig.ts";

const actor = { name: "person:ada@example.org", requestId: "r1" };
const MEMBERS = 8;
const EVENTS = 1_600;
let db: TestDatabase;
let instances: [Instance, Instance];

beforeAll(async () => {
  db = await testDatabase();
  instances = [openInstance(db.url), openInstance(db.url)];
});
afterAll(async () => {
  await Promise.all(instances.map((it) => it.close()));
  await db.drop();
});

/** Settles whatever its member is delivered, a poisoned key as a failure, until it is stopped. */
function worker(instance: Instance, consumer: string, member: TestMember) {
  const stale: number[] = [];
  const counted: number[] = [];
  let isStopped = false;
  async function work(): Promise<void> {
    let seen = 0;
    while (!isStopped) {
      await member.until(() => isStopped || member.deliveries.length > seen, "work");
      const batch = member.deliveries.slice(seen, seen + 15);
      seen += batch.length;
      // A request is refused whole, so what was delivered under different epochs goes in different ones.
      for (const lease of new Set(batch.map(leaseOf))) {
        const own = batch.filter((it) => leaseOf(it) === lease);
        const settlements = own.map((it) =>
          it.offset % 100 === 7 ? failed(it, { outcome: "dead-letter" }) : acked(it),
        );
        const isCounted = await instance.settle(consumer, settlements).then(
          () => true,
          (error: { code?: string }) => {
            if (error.code !== "stale-epoch" && error.code !== "not-delivered") throw error;
            return false;
          },
        );
        for (const it of own) (isCounted ? counted : stale).push(it.epoch);
      }
    }
  }
  const done = work();
  return {
    member,
    stale,
    counted,
    async stop() {
      isStopped = true;
      member.write("event: stopped\ndata: {}\n\n");
      await done;
    },
  };
}

const leaseOf = ({ partition, epoch }: Delivery) => `${partition}/${epoch}`;

async function sql<Row extends object>(text: string, values: unknown[]): Promise<Row[]> {
  return (await db.database.pool.query<Row>(text, values)).rows;
}

test("a reset to earliest under load with eight members: nobody reconnects, nothing stale counts, and the undo restores positions and parked events exactly", async () => {
  const [topic, consumer] = ["orders", "billing"];
  const topicId = await createTopic(db.database, topic);
  const [a, b] = instances;
  await a.declare(consumer, { topics: [{ topic, start: "earliest" }], partitions: MEMBERS, maxInFlight: 50 });
  const [{ id: consumerId } = { id: 0 }] = await sql<{ id: number }>("SELECT id FROM consumer WHERE name = $1", [
    consumer,
  ]);
  const workers = await Promise.all(
    Array.from({ length: MEMBERS }, async (_, i) => {
      const instance = i % 2 === 0 ? a : b;
      return worker(instance, consumer, await instance.join(consumer, `m${i}`));
    }),
  );
  await expect
    .poll(() => workers.every((it) => it.member.frame("assignment") !== undefined), { timeout: 10_000 })
    .toBe(true);
  const publishing = (async () => {
    for (let i = 0; i < EVENTS; i += 100) await publish(a, topicId, { count: 100, keys: 97 });
  })();
  const counted = () => workers.reduce((sum, it) => sum + it.counted.length, 0);
  await expect.poll(counted, { timeout: 10_000, interval: 5 }).toBeGreaterThan(300);

  const plan = await a.plan({ consumer, target: { to: "earliest" }, actor });
  const change = await a.change({ consumer, planId: plan.id, token: plan.token, reason: "wrong rate", actor });
  const [made] = await sql<{ cursors: SavedCursor[] }>(
    "SELECT restore -> 'cursors' AS cursors FROM position_change WHERE id = $1",
    [change.id],
  );
  const parkedThen = await sql(
    `SELECT (saved ->> 'offset')::bigint AS "offset", saved ->> 'state' AS state, (saved ->> 'attempt')::int AS attempt
     FROM position_change_restore WHERE change_id = $1 ORDER BY 1`,
    [change.id],
  );
  expect(parkedThen.length).toBeGreaterThan(0);
  const before = counted();
  await expect.poll(counted, { timeout: 10_000, interval: 5 }).toBeGreaterThan(before + 300);

  // Nothing is delivered while the undo is looked at; what is in flight stays in flight.
  await a.pause({ consumer, reason: "looking", actor });
  await Promise.all(workers.map((it) => it.stop()));
  const undone = await b.undo({ consumer, id: change.id, reason: "it was right", actor });
  expect(undone.changes[0]).toMatchObject({ to: change.changes[0]?.from });
  const cursors = await sql<SavedCursor>(
    "SELECT partition, position FROM cursor WHERE consumer_id = $1 ORDER BY partition",
    [consumerId],
  );
  expect(cursors).toEqual(made?.cursors.map(({ partition, position }) => ({ partition, position })));
  // Of what had been settled or parked before; an event that was parked for the first time since stays.
  const parkedNow = await sql(
    `SELECT p."offset", p.state, p.attempt FROM parked_event p
     JOIN json_to_recordset($2::json) AS c(partition int, position bigint, settled json) ON p.hash % $3 = c.partition
     WHERE p.consumer_id = $1 AND (p."offset" <= c.position OR EXISTS (
       SELECT FROM json_array_elements(c.settled) s WHERE p."offset" BETWEEN (s ->> 0)::bigint AND (s ->> 1)::bigint))
     ORDER BY 1`,
    [consumerId, JSON.stringify(made?.cursors), MEMBERS],
  );
  expect(parkedNow).toEqual(parkedThen);

  const again = workers.map((it) => worker(workers.indexOf(it) % 2 === 0 ? a : b, consumer, it.member));
  await a.resume({ consumer, reason: "go on", actor });
  await publishing;
  await expect.poll(async () => (await a.describe({ consumer })).topics[0]?.position, { timeout: 15_000 }).toBe(EVENTS);
  for (const it of workers) {
    expect(it.member.isEnded).toBe(false);
    expect(it.member.frames.filter((frame) => frame.event === "reset").map((frame) => frame.data.change)).toEqual([
      change.id,
      undone.id,
    ]);
  }
  // Epochs rise by one with each of the two; whoever was refused had an older one than those that counted after.
  expect(Math.max(...workers.flatMap((it) => it.stale), 0)).toBeLessThan(
    Math.max(...workers.flatMap((it) => it.counted)),
  );
  await Promise.all(again.map((it) => it.stop()));
  expect(instances.flatMap((it) => it.errors)).toEqual([]);
}, 60_000);
