import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, expect, it } from "vitest";
import { createClient } from "../../../client/create-client.ts";
import type { Account } from "../../contract/account.ts";
import { isSettledBefore } from "../../domain/layout.ts";
import { selectCursors } from "../../store/cursor-table.ts";
import { transaction } from "../../store/database.ts";
import { ask } from "../publish-load.ts";
import { type ServerProcess, startServerProcess } from "../server-process.ts";
import { type TestDatabase, testDatabase } from "../test-database.ts";
import { type Effect, MemberCrew } from "./member-crew.ts";

const EVENTS = 4_000;
const KEYS = 10;
const POISON = "k7";
const PARTITIONS = 6;
const topic = "payments";
const consumer = "ledger";

const cleanUps: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

it("ten keys, one poisoned, three members of which one is killed each second: the account is exact and order is kept", async () => {
  const db = await testDatabase();
  cleanUps.push(() => db.drop());
  const server = await startServerProcess({ DATABASE_URL: db.url });
  cleanUps.push(() => server.stop());
  const directory = await mkdtemp(join(tmpdir(), "millrace-poison-"));
  cleanUps.push(() => rm(directory, { recursive: true, force: true }));
  const crew = new MemberCrew({ server, directory, consumer, poison: POISON });
  cleanUps.push(() => crew.close());
  await declareAndPublish(server);
  await crew.open(3);

  const settledBy: { readonly at: bigint; readonly offsets: ReadonlySet<number> }[] = [];
  const killUntil = async (isOver: (account: Account) => boolean, kills: number) => {
    const until = crew.kills + kills;
    for (const endsAt = Date.now() + 60_000; ; ) {
      await delay(1_000);
      const account = await accountOf(server);
      expect(account.total).toBe(EVENTS);
      if (isOver(account)) return account;
      if (Date.now() > endsAt) throw new Error(`not over: ${JSON.stringify(account)}`);
      // Bounded, so that the end is reached however slow the machine is.
      if (crew.kills >= until) continue;
      await crew.killOne();
      const offsets = await settledOffsets(db);
      settledBy.push({ at: process.hrtime.bigint(), offsets });
    }
  };

  const healthy = EVENTS - EVENTS / KEYS;
  const waiting = await killUntil(
    (it) => it.settled.count === healthy && it.dead.count === 1 && it.pending.count === 0,
    5,
  );
  expect(waiting).toMatchObject({
    head: EVENTS,
    settled: { count: healthy },
    dead: { count: 1 },
    blocked: { count: EVENTS / KEYS - 1 },
    retrying: { count: 0 },
    total: EVENTS,
  });
  expect(crew.kills).toBeGreaterThan(2);
  expect(
    crew
      .effects()
      .flat()
      .filter((it) => it.key === POISON),
  ).toEqual([]);

  await writeFile(crew.cure, "");
  await post(server, `/v1/consumers/${consumer}/redrives`, { filter: { key: POISON }, reason: "the account is cured" });
  const done = await killUntil((it) => it.settled.count === EVENTS, 3);
  expect(done).toMatchObject({
    dead: { count: 0 },
    blocked: { count: 0 },
    retrying: { count: 0 },
    pending: { count: 0 },
  });

  await crew.close();
  const effects = crew.effects();
  expectOrder(effects);
  for (const { at, offsets } of settledBy) {
    const again = effects.flat().filter((it) => it.at > at && offsets.has(it.offset));
    expect(again.length, "events that were handled again although they were settled").toBe(0);
  }
}, 150_000);

async function declareAndPublish(server: ServerProcess): Promise<void> {
  const client = createClient(server);
  await client.declareTopic(topic);
  await client.declareConsumer(consumer, {
    topics: [{ topic, start: "earliest" }],
    partitions: PARTITIONS,
    maxInFlight: 64,
    retry: { maxAttempts: 3, backoff: { delaysMs: [200] } },
  });
  for (let from = 0; from < EVENTS; from += 1_000) {
    const events = Array.from({ length: 1_000 }, (_, i) => ({
      type: "payment",
      key: `k${(from + i) % KEYS}`,
      data: {},
    }));
    await client.publish(topic, events);
  }
}

/** Per key, every event once and in order, but for repeats: only another process repeats, and only from where it was. */
function expectOrder(effects: readonly (readonly Effect[])[]): void {
  for (const ofProcess of effects) {
    const last = new Map<string, number>();
    for (const { key, offset } of ofProcess) {
      expect(offset, `one process went back in ${key}`).toBeGreaterThan(last.get(key) ?? 0);
      last.set(key, offset);
    }
  }
  const all = effects.flat().sort((a, b) => (a.at < b.at ? -1 : 1));
  for (let key = 0; key < KEYS; key++) {
    const first = [...new Set(all.filter((it) => it.key === `k${key}`).map((it) => it.offset))];
    const published = Array.from({ length: EVENTS / KEYS }, (_, i) => i * KEYS + key + 1);
    expect(first, `first effects of k${key}`).toEqual(published);
  }
}

/** What the position goes past, parked events left out: in one snapshot, because events are parked all the while. */
function settledOffsets({ database }: TestDatabase): Promise<Set<number>> {
  return transaction(database.pool, async (db) => {
    await db.query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ");
    const { rows } = await db.query<{ offset: number; key: string }>(
      `SELECT e."offset", e.key FROM event e
       WHERE NOT EXISTS (SELECT FROM parked_event p WHERE p.topic_id = e.topic_id AND p."offset" = e."offset")`,
    );
    const cursors = new Map((await selectCursors(db, 1)).map((it) => [it.partition, it]));
    const layout = { topicId: 1, layout: 1, partitions: PARTITIONS, cursors, endsAt: EVENTS };
    return new Set(rows.filter((it) => isSettledBefore([layout], it)).map((it) => it.offset));
  });
}

async function accountOf(server: ServerProcess): Promise<Account> {
  const answer = await ask(server, `/v1/consumers/${consumer}/account?topic=${topic}`);
  const { accounts } = (await answer.json()) as { accounts: Account[] };
  const [account] = accounts;
  if (account === undefined) throw new Error("there is no account");
  return account;
}

async function post(server: ServerProcess, path: string, body: object): Promise<void> {
  const answer = await ask(server, path, { method: "POST", body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${answer.status}: ${await answer.text()}`);
}
