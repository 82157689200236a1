// A living workload through the public API, for `npm run demo`: watch the lag of its consumers in the control room.
import { setMaxListeners } from "node:events";
import type { Client } from "../client/create-client.ts";
import { deposit, withdraw } from "./bank-account.ts";
import type { Operate } from "./operator.ts";
import { pause } from "./pause.ts";
import { declarePayments, keepAudit, notifyCustomers, type Payment, pay } from "./payments.ts";
import { declareLedger, type Fault, keepLedger, poisonAndCure } from "./poisoned-account.ts";
import { runAlone } from "./run-alone.ts";
import { bookSeats, declareTickets, requestSeat } from "./tickets.ts";

const SHOWS = ["hamlet", "macbeth", "the-tempest", "othello", "king-lear", "twelfth-night"];
const startedAt = Date.now();

const below = (limit: number) => Math.floor(Math.random() * limit);
const pick = <Item>(items: readonly Item[], otherwise: Item): Item => items[below(items.length)] ?? otherwise;

/** Milliseconds to the next event: busy and quiet minutes, and chance, like people. */
function gapMs(perSecond: number): number {
  const wave = 1 + 0.6 * Math.sin((Date.now() - startedAt) / 15_000);
  return (-Math.log(1 - Math.random()) * 1000) / (perSecond * wave);
}

/** Does something again and again; a failure is told and survived. */
async function repeat(name: string, signal: AbortSignal, step: () => Promise<unknown>): Promise<void> {
  while (!signal.aborted) {
    try {
      await step();
    } catch (error) {
      if (signal.aborted) return;
      console.error(`${name}: ${error instanceof Error ? error.message : error}`);
      await pause(2_000, signal);
    }
  }
}

async function declareDemo(client: Client): Promise<void> {
  await declarePayments(client);
  await declareTickets(client, 4);
  await declareLedger(client);
  await client.declareConsumer("fraud-check", { topics: [{ topic: "payments" }], maxInFlight: 16 });
  await client.declareConsumer("daily-report", {
    topics: [{ topic: "payments", types: ["payment.succeeded"] }, { topic: "bookings" }],
  });
}

function publishers(client: Client, signal: AbortSignal): Promise<void>[] {
  let order = 0;
  return [
    repeat("payments", signal, async () => {
      const amount = Math.round(10 + 990 * Math.random() ** 2);
      const payment: Payment = { customer: `customer-${below(200)}`, amount, currency: pick(["EUR", "USD"], "EUR") };
      await pay(client, `order-${startedAt.toString(36)}-${++order}`, payment);
      await pause(gapMs(8), signal);
    }),
    repeat("tickets", signal, async () => {
      const seat = `${pick(["A", "B", "C", "D", "E"], "A")}${1 + below(40)}`;
      await requestSeat(client, pick(SHOWS, "hamlet"), { seat, customer: `customer-${below(200)}` });
      await pause(gapMs(4), signal);
    }),
    // Two tellers, few accounts: conflicts happen, and nobody notices.
    ...["teller-1", "teller-2"].map((teller) =>
      repeat(teller, signal, async () => {
        const account = `account-${1 + below(12)}`;
        const cents = 100 * (1 + below(300));
        await (Math.random() < 0.55 ? deposit(client, account, cents) : withdraw(client, account, cents));
        await pause(gapMs(1.5), signal);
      }),
    ),
  ];
}

/** Now and then its scoring service does not answer: the payment is checked again a second later. */
async function checkPayment(signal: AbortSignal): Promise<void> {
  await pause(90 + below(60), signal);
  if (below(50) === 0) throw new Error(`no answer from scoring-${1 + below(3)} within 100 ms`);
}

function components(client: Client, signal: AbortSignal, fault: Fault): Promise<void>[] {
  return [
    notifyCustomers(client, signal, () => pause(5 + below(20), signal)),
    keepAudit(client, signal),
    ...["booking-1", "booking-2", "booking-3"].map((member) => bookSeats(client, signal, member)),
    keepLedger(client, fault, { signal, member: "ledger-1" }),
    keepLedger(client, fault, { signal, member: "ledger-2" }),
    // Slow: as fast as payments come on average, so busy minutes leave it behind and quiet ones let it catch up.
    client.consume("fraud-check", () => checkPayment(signal), {
      signal,
      member: "fraud-1",
      concurrency: 1,
      onError: () => {},
    }),
    // Comes and goes: 40 s at work, 50 s away.
    repeat("daily-report", signal, async () => {
      const shift = new AbortController();
      const work = client.consume("daily-report", () => {}, { signal: shift.signal, member: "report-1" });
      await Promise.race([work, pause(40_000, signal)]);
      shift.abort();
      await work;
      await pause(50_000, signal);
    }),
  ];
}

export async function demo(client: Client, options: { signal: AbortSignal; operate: Operate }): Promise<void> {
  const { signal, operate } = options;
  // A dozen components listen to one signal; that is no leak.
  setMaxListeners(100, signal);
  await declareDemo(client);
  const { MILLRACE_URL: url = "http://127.0.0.1:3000" } = process.env;
  console.log(`The demo is running. Sign in, and watch its consumers: ${url}/consumers (Ctrl-C ends it)`);
  const fault: Fault = { account: null, posted: [] };
  const say = (line: string) => console.log(`${new Date().toLocaleTimeString("en-GB")}  ledger: ${line}`);
  const faults = repeat("account-7", signal, async () => {
    await pause(15_000, signal);
    if (!signal.aborted) await poisonAndCure(client, fault, { signal, operate, say, heldMs: 45_000 });
  });
  await Promise.all([...publishers(client, signal), ...components(client, signal, fault), faults]);
}

await runAlone("demo", demo);
