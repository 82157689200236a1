// One account cannot be posted to. Its events wait, in their order, and all other accounts go on. Once the fault is cured
// an operator redrives the dead letter, and what waited behind it follows by itself.
import type { Client } from "../client/create-client.ts";
import { type Amount, deposit } from "./bank-account.ts";
import type { Operate } from "./operator.ts";
import { pause } from "./pause.ts";
import { runAlone } from "./run-alone.ts";

const HELD = "account-7";

/** Operators see failures grouped by this name and the message. */
class UnknownAccount extends Error {
  override readonly name = "UnknownAccount";
}

/** The fault: the account that the ledger cannot post to, and what it posted to it since that was cured. */
export interface Fault {
  account: string | null;
  readonly posted: number[];
}

export async function declareLedger(client: Client): Promise<void> {
  await client.declareTopic("accounts", { description: "Deposits and withdrawals, by account" });
  const backoff = { initialMs: 300, factor: 3, maxMs: 10_000, jitter: 0.2 };
  const retry = { maxAttempts: 3, backoff };
  await client.declareConsumer("ledger", { topics: [{ topic: "accounts" }], partitions: 2, retry });
}

/** One member of the ledger. It throws and knows no more about failures: retries, order and letters are Millrace's. */
export function keepLedger(client: Client, fault: Fault, options: { signal: AbortSignal; member: string }) {
  return client.consume<Amount>(
    "ledger",
    async ({ event, key, offset, state }) => {
      if (key === fault.account) throw new UnknownAccount(`the core bank does not know ${key}`);
      const balance = (await state.get<number>(`balance/${key}`)) ?? 0;
      const cents = event.data?.cents ?? 0;
      state.set(`balance/${key}`, event.type === "deposited" ? balance + cents : balance - cents);
      if (key === HELD) fault.posted.push(offset);
    },
    { ...options, onError: () => {} },
  );
}

export interface PoisonOptions {
  readonly signal: AbortSignal;
  readonly operate: Operate;
  /** How long the fault lasts after its first letter. Default 3,000. */
  readonly heldMs?: number;
  readonly say?: (line: string) => void;
}

/** The fault comes, is seen, is cured, and the letters are redriven. */
export async function poisonAndCure(client: Client, fault: Fault, options: PoisonOptions): Promise<void> {
  const { signal, operate, heldMs = 3_000, say = console.log } = options;
  const parked = async () => (await client.describeConsumer("ledger")).parked;
  fault.account = HELD;
  for (let i = 0; i < 3; i++) await deposit(client, HELD, 10_00);
  while (!signal.aborted && (await parked()).dead === 0) await pause(100, signal);
  say(`${HELD} is held: its first event is a dead letter, later ones wait behind it; the other accounts go on`);
  await pause(heldMs, signal);
  if (signal.aborted) return;

  const { blocked } = await parked();
  fault.account = null;
  fault.posted.length = 0;
  say(`the fault is cured; redriving the letter, with ${blocked} events behind it`);
  const filter = { topic: "accounts", key: HELD, state: "dead" };
  await operate("/v1/consumers/ledger/redrives", { filter, reason: "the account is known now" });
  while (!signal.aborted) {
    const { dead, blocked, retrying } = await parked();
    if (dead + blocked + retrying === 0) break;
    await pause(100, signal);
  }
  say(`${HELD} is settled, in order: offsets ${fault.posted.join(", ")}`);
}

export async function poisonedAccount(client: Client, options: PoisonOptions): Promise<Fault> {
  const fault: Fault = { account: null, posted: [] };
  await declareLedger(client);
  const work = new AbortController();
  options.signal.addEventListener("abort", () => work.abort(), { once: true });
  const members = ["ledger-1", "ledger-2"].map((member) => keepLedger(client, fault, { signal: work.signal, member }));
  const cured = poisonAndCure(client, fault, options);
  for (let i = 1; i <= 20; i++) await deposit(client, `account-${1 + (i % 10)}`, 5_00);
  await cured;
  work.abort();
  await Promise.all(members);
  return fault;
}

await runAlone("poisoned-account", poisonedAccount);
