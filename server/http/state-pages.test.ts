import { afterAll, beforeAll, expect, test } from "vitest";
import { type RunningServer, runningServer } from "./testing/running-server.ts";

const MIB = 1024 * 1024;
let server: RunningServer;

beforeAll(async () => {
  server = await runningServer();
  await server.declareTopic("orders");
  await declare("large");
  await declare("mixed");
});
afterAll(() => server.close());

async function declare(consumer: string): Promise<void> {
  const answer = await server.request(`/v1/consumers/${consumer}`, {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ topics: [{ topic: "orders" }] }),
  });
  expect(answer.status).toBe(201);
}

/** Entries of so many bytes each, as JSON text, under keys in this order. */
async function store(consumer: string, sizes: readonly number[], prefix = "k"): Promise<void> {
  await server.database.database.pool.query(
    `INSERT INTO state_entry (consumer_id, key, value, version, updated_at)
     SELECT c.id, $2 || lpad(i::text, 4, '0'), to_json(repeat('x', size - 2)), 1, now()
       FROM consumer c, unnest($3::int[]) WITH ORDINALITY AS it (size, i) WHERE c.name = $1`,
    [consumer, prefix, sizes],
  );
}

test("an entry whose key no path can carry is read by a parameter, as any other one", async () => {
  await declare("spelt");
  const keys = [".", "..", "a/b", "100%", "%2e", "käse €", "a&b=c"];
  await server.database.database.pool.query(
    `INSERT INTO state_entry (consumer_id, key, value, version, updated_at)
     SELECT c.id, it.key, to_json(it.key), 1, now() FROM consumer c, unnest($1::text[]) AS it (key) WHERE c.name = 'spelt'`,
    [keys],
  );
  const at = "/v1/consumers/spelt/state";
  for (const key of keys) {
    const answer = await server.request(`${at}?${new URLSearchParams({ key })}`);
    expect([answer.status, await answer.json()]).toMatchObject([200, { key, value: key, version: 1 }]);
    if (/^\.+$/.test(key)) continue;
    expect(await (await server.request(`${at}/${encodeURIComponent(key)}`)).json()).toMatchObject({ key, value: key });
  }
  expect((await server.request(`${at}?key=none`)).status).toBe(404);
  const both = await server.request(`${at}?key=a&prefix=a`);
  expect([both.status, await both.json()]).toMatchObject([400, { errors: [{ field: "prefix" }] }]);
});

interface Page {
  readonly entries: { key: string; value: string }[];
  readonly next: string | null;
}

async function page(consumer: string, query: string): Promise<{ page: Page; bytes: number }> {
  const answer = await server.request(`/v1/consumers/${consumer}/state?${query}`);
  expect(answer.status).toBe(200);
  const text = await answer.text();
  return { page: JSON.parse(text) as Page, bytes: text.length };
}

async function allKeys(consumer: string, query: string): Promise<{ keys: string[]; pages: number; largest: number }> {
  const keys: string[] = [];
  let pages = 0;
  let largest = 0;
  for (let after: string | null = ""; after !== null; ) {
    const { page: it, bytes } = await page(consumer, `${query}${after === "" ? "" : `&after=${after}`}`);
    keys.push(...it.entries.map((entry) => entry.key));
    largest = Math.max(largest, bytes);
    pages += 1;
    after = it.next;
  }
  return { keys, pages, largest };
}

test("a page ends at 8 MiB of values, and the pages together hold every entry once", async () => {
  await store("large", Array(40).fill(MIB));
  const { keys, pages, largest } = await allKeys("large", "limit=1000");
  expect(keys).toHaveLength(40);
  expect(keys).toEqual([...keys].sort());
  expect(pages).toBe(5);
  expect(largest).toBeLessThan(9 * MIB);
});

test("small entries among large ones fill a page to its limit of entries or of bytes", async () => {
  await store("mixed", [...Array(300).fill(10), ...Array(10).fill(MIB), ...Array(300).fill(10)]);
  expect((await page("mixed", "limit=300")).page.entries).toHaveLength(300);
  const { keys, pages } = await allKeys("mixed", "limit=1000");
  expect(keys).toHaveLength(610);
  expect(new Set(keys).size).toBe(610);
  expect(pages).toBe(2);
});

test("prefix, after and limit mean what they meant", async () => {
  await store("mixed", [10, 10, 10], "other/");
  expect(await page("mixed", "prefix=other/&limit=2")).toMatchObject({
    page: { entries: [{ key: "other/0001" }, { key: "other/0002" }], next: "other/0002" },
  });
  expect(await page("mixed", "prefix=other/&after=other/0002")).toMatchObject({
    page: { entries: [{ key: "other/0003" }], next: null },
  });
  expect(await page("mixed", "prefix=nothing")).toMatchObject({ page: { entries: [], next: null } });
  expect(await page("mixed", "prefix=k&limit=1&after=k0610")).toMatchObject({ page: { entries: [], next: null } });
});

test("several who list a large state at once are all answered", async () => {
  const answers = await Promise.all(Array.from({ length: 4 }, () => page("large", "limit=1000")));
  for (const it of answers) expect(it.page.next).not.toBeNull();
});
