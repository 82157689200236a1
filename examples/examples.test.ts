import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type Client, createClient } from "../client/create-client.ts";
import { startTestServer, type TestServer } from "../client/testing/real-server.ts";
import { bankAccount, deposit, openAccount } from "./bank-account.ts";
import { demo } from "./demo.ts";
import { operator } from "./operator.ts";
import { payments } from "./payments.ts";
import { poisonedAccount } from "./poisoned-account.ts";
import { tickets } from "./tickets.ts";

let server: TestServer;
let client: Client;
let stop: AbortController;
beforeAll(async () => {
  server = await startTestServer();
  client = createClient(server);
  for (const topic of ["payments", "bookings"]) await client.declareTopic(topic);
});
afterAll(() => server?.stop());
beforeEach(() => {
  stop = new AbortController();
});

/** Waits until the consumers have settled everything; the server is asked, no clock is trusted. */
async function caughtUp(...consumers: string[]): Promise<void> {
  for (const consumer of consumers) {
    for (;;) {
      const { topics } = await client.describeConsumer(consumer);
      if (topics.every(({ lag, head }) => lag === 0 && head > 0)) break;
    }
  }
}

async function first(topic: string, count: number): Promise<string[]> {
  const types: string[] = [];
  for await (const { event } of client.follow(topic)) {
    types.push(event.type);
    if (types.length === count) break;
  }
  return types;
}

test("payments: every customer is told once, and the audit has a line for every payment", async () => {
  const sent: string[] = [];
  const running = payments(client, { signal: stop.signal, send: (message) => sent.push(message) });
  const types = await first("payments", 20);
  await caughtUp("notifications", "audit-log");
  stop.abort();
  await running;
  expect(types.filter((it) => it === "payment.failed")).toHaveLength(2);
  expect(sent).toHaveLength(20);
  expect(new Set(sent).size).toBe(20);
  const lines: string[] = [];
  for await (const { key } of client.state("audit-log").list("line/")) lines.push(key);
  expect(lines).toHaveLength(20);
});

test("tickets: a seat is given to the first who asked, and the bookings stand in the consumer's state", async () => {
  const running = tickets(client, { signal: stop.signal });
  const answers = await first("bookings", 9);
  await caughtUp("ticket-booking");
  stop.abort();
  await running;
  expect(answers.filter((it) => it === "seat.booked")).toHaveLength(4);
  const bookings: Record<string, string> = {};
  for await (const { key, value } of client.state("ticket-booking").list<{ customer: string }>("hamlet/")) {
    bookings[key] = value.customer;
  }
  expect(bookings).toEqual({ "hamlet/A1": "ada", "hamlet/A2": "ada", "hamlet/B1": "ada", "hamlet/B2": "grace" });
});

test("bank account: ten tellers at once never overdraw it", async () => {
  const { balance, withdrawn } = await bankAccount(client, { signal: stop.signal });
  expect({ balance, withdrawn }).toEqual({ balance: 10_00, withdrawn: 3 });
  await deposit(client, "account-1", 5_00);
  expect((await openAccount(client, "account-1")).state).toEqual({ balance: 15_00, movements: 5 });
});

test("a poisoned account is held while the others go on, and is settled in order once it is cured and redriven", async () => {
  const lines: string[] = [];
  const say = (line: string) => lines.push(line);
  const before = (await openAccount(client, "account-7")).version;
  const { posted } = await poisonedAccount(client, { signal: stop.signal, operate: operator(server), say, heldMs: 0 });
  const { state, version } = await openAccount(client, "account-7");
  expect(lines.map((it) => it.split(":")[0]?.split(";")[0])).toEqual([
    "account-7 is held",
    "the fault is cured",
    "account-7 is settled, in order",
  ]);
  expect(posted).toEqual([...posted].sort((a, b) => a - b));
  expect(posted).toHaveLength(5);
  expect(posted.every((offset) => offset > before && offset <= version)).toBe(true);
  await caughtUp("ledger");
  expect((await client.state("ledger").get("balance/account-7"))?.value).toBe(state.balance);
}, 60_000);

test("the demo's workload runs, is worked on by several members, and ends when told", async () => {
  const running = demo(client, { signal: stop.signal, operate: operator(server) });
  await first("bookings", 12);
  await caughtUp("ledger");
  stop.abort();
  await running;
});
