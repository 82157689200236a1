import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, expect, it } from "vitest";
import { createClient } from "../../../client/create-client.ts";
import type { Account } from "../../contract/account.ts";
import { ask } from "../publish-load.ts";
import { testDatabase } from "../test-database.ts";
import { Crew } from "./crew.ts";
import { type Effect, readJournals } from "./journal.ts";
import { seededRandom } from "./seeded-random.ts";

// `npm run test:chaos` looks for a minute, with another seed each time; CHAOS_SEED runs the same kills again.
const { CHAOS_SECONDS = "12", CHAOS_SEED = "1" } = process.env;
const seconds = Number(CHAOS_SECONDS);
const seed = Number(CHAOS_SEED);
const INSTANCES = 3;
const MEMBERS = 8;
const KEYS = 40;
/** Published at once, ten times a second. */
const BATCH = 15;
const CALM_MS = 120_000;
const topic = "payments";
const consumer = "ledger";

const cleanUps: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

it(
  "three instances, eight members, a kill each second: the account adds up, every key is in order, nothing died",
  async () => {
    const db = await testDatabase();
    cleanUps.push(() => db.drop());
    const directory = await mkdtemp(join(tmpdir(), "millrace-chaos-"));
    cleanUps.push(() => rm(directory, { recursive: true, force: true }));
    const crew = new Crew({ databaseUrl: db.url, directory, consumer, random: seededRandom(seed) });
    cleanUps.push(() => crew.close());
    await crew.open(INSTANCES);
    const client = createClient(crew.target);
    await client.declareTopic(topic);
    await client.declareConsumer(consumer, { topics: [{ topic, start: "earliest" }], partitions: MEMBERS });
    crew.startMembers(MEMBERS);

    const load = publish(client);
    for (const endsAt = Date.now() + seconds * 1_000; Date.now() < endsAt; ) {
      await delay(1_000);
      await crew.killOne();
    }
    const published = await load.finish();
    const story = `seed ${seed}; killed: ${crew.killed.join(", ")}`;
    const account = await settledAccount(crew, published.length);
    expect(account, story).toMatchObject({
      head: published.length,
      total: published.length,
      settled: { count: published.length },
      retrying: { count: 0 },
      dead: { count: 0 },
      blocked: { count: 0 },
      discarded: { count: 0 },
      pending: { count: 0 },
    });
    await crew.close();
    expectOrder(readJournals(directory), published, story);
    const { rows } = await db.database.pool.query<{ key: string; value: number }>(
      "SELECT key, value::text::int AS value FROM state_entry WHERE key LIKE 'handled/%'",
    );
    const counted = Object.fromEntries(rows.map((it) => [it.key, it.value]));
    expect(counted, story).toEqual(Object.fromEntries(countsOf(published)));
  },
  seconds * 1_000 + 240_000,
);

/** Publishes to a row of keys until told; resolves to the key of every offset. */
function publish(client: ReturnType<typeof createClient>): { finish(): Promise<readonly string[]> } {
  const keys: string[] = [];
  let isFinishing = false;
  const running = (async () => {
    for (let n = 0; !isFinishing; n += BATCH) {
      const batch = Array.from({ length: BATCH }, (_, i) => ({ type: "paid", key: `k${(n + i) % KEYS}` }));
      for (const [i, { offset }] of (await client.publish(topic, batch)).entries()) {
        keys[offset - 1] = batch[i]?.key ?? "";
      }
      await delay(100);
    }
    return keys;
  })();
  return {
    finish() {
      isFinishing = true;
      return running;
    },
  };
}

/** The account once everything is settled, or as it is when it should have been. */
async function settledAccount(crew: Crew, head: number): Promise<Account | undefined> {
  let account: Account | undefined;
  for (const endsAt = Date.now() + CALM_MS; Date.now() < endsAt; await delay(200)) {
    try {
      const answer = await ask(crew.target, `/v1/consumers/${consumer}/account?topic=${topic}`);
      if (answer.ok) account = ((await answer.json()) as { accounts: Account[] }).accounts[0];
    } catch {
      // The instance that was asked has just been killed.
    }
    if (account?.settled.count === head) break;
  }
  return account;
}

/** Every event was handled, and for the first time after the earlier one of its key. */
function expectOrder(effects: readonly Effect[], published: readonly string[], story: string): void {
  const first = new Map<string, Set<number>>();
  for (const { key, offset } of effects) {
    const seen = first.get(key) ?? new Set();
    first.set(key, seen.add(offset));
  }
  for (let n = 0; n < KEYS; n++) {
    const key = `k${n}`;
    const wanted = published.flatMap((it, index) => (it === key ? [index + 1] : []));
    expect([...(first.get(key) ?? [])], `first handling of the events of ${key}; ${story}`).toEqual(wanted);
  }
}

function countsOf(keys: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const key of keys) counts.set(`handled/${key}`, (counts.get(`handled/${key}`) ?? 0) + 1);
  return counts;
}
