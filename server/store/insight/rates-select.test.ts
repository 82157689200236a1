import { afterAll, beforeAll, expect, test } from "vitest";
import { createTopic, type Instance, openInstance } from "../../engine/testing/consumer-rig.ts";
import { type TestDatabase, testDatabase } from "../../testing/test-database.ts";
import { selectRates } from "./rates-select.ts";

let db: TestDatabase;
let instance: Instance;
beforeAll(async () => {
  db = await testDatabase();
  instance = openInstance(db.url);
  await createTopic(instance.database, "orders");
  for (const name of ["billing", "audit"]) {
    await instance.declare(name, { topics: [{ topic: "orders", start: "earliest" }] });
  }
});
afterAll(async () => {
  await instance.close("crashed");
  await db.drop();
});

test("rates add up over all consumers, and a count that fell is no rate", async () => {
  const { pool } = instance.database;
  const samples = (counts: string) => `
    SELECT u.consumer_id, u.topic_id, 10, date_bin('30 seconds', now(), 'epoch') - interval '5 minutes' + v.n * interval '10 seconds', 0, 0, v.settled, v.failed, 0
    FROM subscription u CROSS JOIN (VALUES ${counts}) v(n, settled, failed)`;
  await pool.query(`INSERT INTO consumer_sample ${samples("(0, 100, 0), (1, 300, 5), (2, 400, 10)")}`);
  await pool.query(`INSERT INTO topic_sample
    SELECT t.id, 10, date_bin('30 seconds', now(), 'epoch') - interval '5 minutes' + v.n * interval '10 seconds', v.head, 0
    FROM topic t CROSS JOIN (VALUES (0, 10), (1, 40), (2, 70)) v(n, head)`);
  // Two consumers: 300 each in 20 s. The first sample has none before it.
  expect(await selectRates(pool, 30)).toEqual([
    { at: expect.any(String), publishedPerSecond: 3, settledPerSecond: 30, failedPerSecond: 1 },
  ]);
  await pool.query("UPDATE consumer_sample SET settled_count = 0 WHERE settled_count = 400");
  expect((await selectRates(pool, 30))[0]?.settledPerSecond).toBe(20);
});
