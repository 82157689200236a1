import { afterEach, beforeEach, expect, it } from "vitest";
import { createTopic, type Instance, openInstance } from "../../engine/testing/consumer-rig.ts";
import { type TestDatabase, testDatabase } from "../../testing/test-database.ts";
import { closeBreaker, openBreaker, takeProbe } from "./breaker.ts";
import { selectConsumerSetup } from "./setup-select.ts";

const consumer = "ledger";
const topics = [{ topic: "orders", start: "earliest" as const }];
const error = { name: "Timeout", message: "the core bank does not answer", fingerprint: "9f86d081884c7d65" };

const BREAKER = { failureShare: 0.9, minSettlements: 20, windowMs: 30_000, probeMinMs: 5_000, probeMaxMs: 300_000 };

let db: TestDatabase;
let a: Instance;
let consumerId: number;

beforeEach(async () => {
  db = await testDatabase();
  a = openInstance(db.url);
  await createTopic(a.database, "orders");
  await a.declare(consumer, { topics, breaker: BREAKER });
  consumerId = (await selectConsumerSetup(a.database.pool, { consumer }))?.consumerId ?? 0;
});
afterEach(async () => {
  await a.close("crashed");
  await db.drop();
});

const setup = () => selectConsumerSetup(a.database.pool, { consumerId });

it("opens once, says since when and with which error, and closes", async () => {
  expect((await a.describe({ consumer })).failing).toBeNull();
  expect(await openBreaker(a.database.pool, { consumerId, probeInMs: 60_000, error })).toBe(true);
  expect(await openBreaker(a.database.pool, { consumerId, probeInMs: 1, error: null })).toBe(false);
  const described = await a.describe({ consumer });
  expect(described).toMatchObject({ status: "failing", failing: { error, probes: 0 } });
  expect(described.why).toContain("Timeout: the core bank does not answer");
  const { since, nextProbeAt } = described.failing ?? {};
  expect(Date.parse(nextProbeAt ?? "") - Date.parse(since ?? "")).toBe(60_000);
  expect((await setup())?.failing).toMatchObject({ probes: 0 });
  expect(await closeBreaker(a.database.pool, consumerId)).toBe(true);
  expect(await closeBreaker(a.database.pool, consumerId)).toBe(false);
  expect(await a.describe({ consumer })).toMatchObject({ status: "idle", failing: null });
});

it("lets one of many try a delivery, when it is time", async () => {
  expect(await takeProbe(a.database.pool, { consumerId, nextInMs: 1 })).toBe(false);
  await openBreaker(a.database.pool, { consumerId, probeInMs: 60_000, error });
  expect(await takeProbe(a.database.pool, { consumerId, nextInMs: 1 })).toBe(false);
  await a.database.pool.query("UPDATE consumer SET breaker_probe_at = now()");
  const took = await Promise.all(
    Array.from({ length: 5 }, () => takeProbe(a.database.pool, { consumerId, nextInMs: 60_000 })),
  );
  expect(took.filter((it) => it)).toHaveLength(1);
  expect((await setup())?.failing).toMatchObject({ probes: 1 });
});

it("is closed by a declaration that switches it off, and cannot open then", async () => {
  await openBreaker(a.database.pool, { consumerId, probeInMs: 60_000, error });
  await a.declare(consumer, { topics, breaker: null });
  expect((await a.describe({ consumer })).failing).toBeNull();
  expect(await openBreaker(a.database.pool, { consumerId, probeInMs: 60_000, error })).toBe(false);
});
