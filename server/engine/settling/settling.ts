import { setTimeout as delay } from "node:timers/promises";
import type { Database } from "../../store/database.ts";
import type { Wakeups } from "../wakeups.ts";
import type { SettlementItem } from "./group.ts";
import { SettlementInbox } from "./inbox.ts";
import { SettlementOutbox } from "./outbox.ts";
import type { Settled } from "./queue.ts";
import { SettlementRouter } from "./router.ts";
import { type Holders, Settler } from "./settler.ts";

export interface SettlingOptions {
  readonly database: Database;
  readonly wakeups: Pick<Wakeups, "listen">;
  readonly instance: string;
  readonly holders: Holders;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  readonly onError: (error: Error) => void;
  /** An instance is dead: takes its sessions of a consumer over, so that they are held here. */
  readonly adopt: (consumerId: number, dead: string) => Promise<void>;
}

/** How settlements are counted at this instance: those of what it holds here, all others by way of their holders. */
export interface Settling {
  readonly settler: Settler;
  /** See `SettlementRouter.settle`. */
  settle(consumerId: number, items: readonly SettlementItem[]): Promise<Settled>;
  /** Answers what other instances have sent; once nothing is held here any more, that it has moved. */
  drain(): Promise<void>;
  close(): Promise<void>;
}

/** How often the inbox is looked at in case a wake-up was lost. */
const LOOK_MS = 1_000;
const LOOKS_PER_SWEEP = 30;

export function openSettling(options: SettlingOptions): Settling {
  const { holders } = options;
  const settler = new Settler(options);
  const outbox = new SettlementOutbox(options);
  const inbox = new SettlementInbox({ ...options, settle: (consumerId, items) => settler.settle(consumerId, items) });
  const findHolder = (consumerId: number) => holders.findHolder(consumerId);
  const router = new SettlementRouter({ ...options, findHolder, settler, outbox });
  const stop = new AbortController();

  async function watchInbox(): Promise<void> {
    for (let looks = 1; !stop.signal.aborted; looks++) {
      await delay(LOOK_MS, undefined, { signal: stop.signal, ref: false }).catch(() => undefined);
      if (stop.signal.aborted) return;
      await inbox.take.run();
      if (looks % LOOKS_PER_SWEEP === 0) await inbox.sweep();
    }
  }

  const watching = watchInbox();
  return {
    settler,
    settle: (consumerId, items) => router.settle(consumerId, items),
    drain: () => inbox.drain(),
    async close() {
      stop.abort();
      inbox.close();
      outbox.close();
      await watching;
    },
  };
}
