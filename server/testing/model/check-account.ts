import { expect } from "vitest";
import type { Account } from "../../contract/account.ts";
import type { ConsumerModel } from "./consumer-model.ts";

/** Rule 9: every offset is in one class, and the class is the one that its fate calls for. */
export function checkAccount(model: ConsumerModel, account: Account): void {
  const { head, total, settled, filtered, discarded, retrying, dead, blocked, inFlight, pending, expired } = account;
  expect({ head, total }).toEqual({ head: model.head, total: model.head });
  const fated = (...kinds: readonly string[]) =>
    model.events.map((it) => it.offset).filter((offset) => kinds.includes(model.fate(offset).kind));
  expect(offsetsOf(filtered)).toEqual(fated("filtered"));
  expect(offsetsOf(discarded)).toEqual(fated("discarded"));
  // Which of these an unsettled event is in may change while the account is taken; that it is in one of them may not.
  const open = [retrying, dead, blocked, inFlight, pending].flatMap(offsetsOf).sort((a, b) => a - b);
  const spared = new Set(fated("spared"));
  expect(open.filter((it) => !spared.has(it))).toEqual(fated("pending", "failed"));
  // Handled is settled, and pending while the position has not come past it again.
  expect(settled.count).toBe(fated("settled", "spared").length - open.filter((it) => spared.has(it)).length);
  expect(account.skipped.flatMap(offsetsOf).sort((a, b) => a - b)).toEqual(fated("skipped"));
  expect([expired, account.beforeStart].flatMap(offsetsOf)).toEqual([]);
}

function offsetsOf({ ranges }: Account["pending"]): number[] {
  return ranges.flatMap(([from, to]) => Array.from({ length: to - from + 1 }, (_, i) => from + i));
}
