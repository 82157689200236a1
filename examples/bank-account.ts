// An account that exists only as its events. Whoever changes it rebuilds it, decides, and appends on condition that
// nobody else did meanwhile; on a conflict, it decides again on what is true then.
import { type Client, type CloudEvent, ConflictError } from "../client/create-client.ts";
import { runAlone } from "./run-alone.ts";

export interface Amount {
  readonly cents: number;
}

export interface Account {
  readonly balance: number;
  readonly movements: number;
}

const EMPTY: Account = { balance: 0, movements: 0 };

export function apply(account: Account, event: CloudEvent<Amount>): Account {
  const cents = event.data?.cents ?? 0;
  const balance = event.type === "deposited" ? account.balance + cents : account.balance - cents;
  return { balance, movements: account.movements + 1 };
}

export const openAccount = (client: Client, account: string) => client.load("accounts", account, apply, EMPTY);

export async function deposit(client: Client, account: string, cents: number): Promise<void> {
  // Right whatever the balance is, so nothing is expected.
  await client.append("accounts", account, [{ type: "deposited", data: { cents } }]);
}

/** Withdraws unless the balance would fall below zero; says whether it did. */
export async function withdraw(client: Client, account: string, cents: number): Promise<boolean> {
  for (;;) {
    const { state, version } = await openAccount(client, account);
    if (state.balance < cents) return false;
    try {
      await client.append("accounts", account, [{ type: "withdrawn", data: { cents } }], { expect: version });
      return true;
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error;
    }
  }
}

/** Ten tellers at once take 30 from an account of 100: three succeed, whatever the order. */
export async function bankAccount(client: Client, options: { signal: AbortSignal; account?: string }) {
  const account = options.account ?? "account-1";
  await client.declareTopic("accounts", { description: "Deposits and withdrawals, by account" });
  await deposit(client, account, 100_00);
  const withdrawals = await Promise.all(Array.from({ length: 10 }, () => withdraw(client, account, 30_00)));
  const { state } = await openAccount(client, account);
  console.log(`${account}: ${withdrawals.filter(Boolean).length} withdrawals, balance ${state.balance / 100}`);
  return { balance: state.balance, withdrawn: withdrawals.filter(Boolean).length };
}

await runAlone("bank-account", bankAccount);
