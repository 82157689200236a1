import { setTimeout as delay } from "node:timers/promises";
import type { Account } from "../../contract/account.ts";
import { get } from "../oracle/observe.ts";
import type { Target } from "../publish-load.ts";

/** The account, once nothing waits to be delivered; throws with it when that takes too long. */
export async function untilSettled(
  target: Target,
  { consumer, topic }: { readonly consumer: string; readonly topic: string },
  withinMs = 120_000,
): Promise<Account> {
  for (const until = Date.now() + withinMs; ; await delay(200)) {
    const path = `/v1/consumers/${consumer}/account?topic=${topic}`;
    const { accounts } = await get<{ accounts: Account[] }>(target, path);
    const [account] = accounts;
    if (account === undefined) throw new Error(`'${consumer}' has no account of '${topic}'`);
    const waiting = account.pending.count + account.inFlight.count + account.retrying.count;
    if (waiting === 0) return account;
    if (Date.now() > until) throw new Error(`${waiting} are not settled: ${JSON.stringify(account)}`);
  }
}
