import { setTimeout as delay } from "node:timers/promises";
import { createParser } from "eventsource-parser";
import { afterEach, expect, it } from "vitest";
import { ask } from "../publish-load.ts";
import { startServerProcess } from "../server-process.ts";
import { severableDatabase } from "../severable-database.ts";
import { testDatabase } from "../test-database.ts";

const cleanUps: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

it("while the database is away publishes get 503 with Retry-After, and all goes on by itself afterwards", async () => {
  const db = await testDatabase();
  cleanUps.push(() => db.drop());
  const way = await severableDatabase(db.url);
  cleanUps.push(() => way.close());
  const server = await startServerProcess({ DATABASE_URL: way.url });
  cleanUps.push(() => server.stop());
  const publish = (id: string) =>
    ask(server, "/v1/topics/orders/events", { method: "POST", body: JSON.stringify({ type: "t", id }) });
  await ask(server, "/v1/topics/orders", { method: "PUT", body: "{}" });
  expect((await publish("before")).status).toBe(201);

  const offsets: number[] = [];
  const leaving = new AbortController();
  cleanUps.push(async () => leaving.abort());
  const stream = await ask(server, "/v1/topics/orders/events?from=earliest", {
    headers: { accept: "text/event-stream" },
    signal: leaving.signal,
  });
  const parser = createParser({
    onEvent: (frame) => {
      if (frame.event === undefined) offsets.push(Number(frame.id));
    },
  });
  const following = (async () => {
    const decoder = new TextDecoder();
    for await (const chunk of stream.body ?? []) parser.feed(decoder.decode(chunk as Uint8Array, { stream: true }));
  })().catch(() => undefined);

  await way.sever();
  const refused = await publish("during");
  expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, expect.stringMatching(/^\d+$/)]);
  expect((await refused.json()).code).toBe("database-unavailable");
  expect((await ask(server, "/readyz")).status).toBe(503);

  await way.mend();
  let answer = await publish("during");
  for (
    const until = Date.now() + 15_000;
    answer.status !== 201 && Date.now() < until;
    answer = await publish("during")
  ) {
    await delay(50);
  }
  expect(answer.status).toBe(201);
  for (const until = Date.now() + 10_000; offsets.length < 2 && Date.now() < until; ) await delay(20);
  expect(offsets).toEqual([1, 2]);
  leaving.abort();
  await following;
}, 60_000);
