import { afterAll, beforeAll, expect, test } from "vitest";
import { type TestDatabase, testDatabase } from "../testing/test-database.ts";
import { browser } from "./testing/browser.ts";
import { type TestInstance, testInstance } from "./testing/test-instance.ts";

const ADMIN = { email: "ada@example.org", password: "correct horse battery" };

let db: TestDatabase;
let here: TestInstance;

beforeAll(async () => {
  db = await testDatabase();
  here = await testInstance(db.database, { admin: ADMIN, maxLiveStreams: 2 });
});
afterAll(async () => {
  await here.close();
  await db.drop();
});

test("one person has a bounded number of live streams, and a closed one makes room", async () => {
  const tab = browser(here.url);
  await tab.signIn(ADMIN.email, ADMIN.password);
  /** The beginning of what a stream says, and how to leave it. */
  const open = async () => {
    const abort = new AbortController();
    const answer = await fetch(`${here.url}/api/trpc/live?input=${encodeURIComponent("{}")}`, {
      headers: { cookie: tab.cookie, accept: "text/event-stream" },
      signal: abort.signal,
    });
    const reader = answer.body?.getReader();
    const { value } = (await reader?.read()) ?? {};
    return { text: new TextDecoder().decode(value), close: () => abort.abort() };
  };
  const first = await open();
  const second = await open();
  expect(first.text + second.text).not.toContain("too-many-streams");
  const third = await open();
  expect(third.text).toContain("too-many-streams");
  third.close();
  first.close();
  await expect
    .poll(
      async () => {
        const next = await open();
        next.close();
        return next.text.includes("too-many-streams");
      },
      { timeout: 10_000 },
    )
    .toBe(false);
  second.close();
});
