import { DomainError } from "../../domain/errors.ts";
import type { Database } from "../../store/database.ts";
import { insertSettlementAnswers, type SettlementAnswerRow } from "../../store/settling/settlement-answers-insert.ts";
import { sweepSettlementInbox } from "../../store/settling/settlement-inbox-sweep.ts";
import type { SettlementRequestRow } from "../../store/settling/settlement-request-insert.ts";
import { takeSettlementRequests } from "../../store/settling/settlement-request-take.ts";
import { coalesced } from "../coalesced.ts";
import { answersChannel, inboxChannel } from "../partitions/consumer-channels.ts";
import type { Wakeups } from "../wakeups.ts";
import { type HolderAnswer, refusedAnswer, requestsOf } from "./answer.ts";
import type { SettlementItem } from "./group.ts";
import type { HolderResult } from "./queue.ts";

export interface SettlementInboxOptions {
  readonly database: Database;
  readonly wakeups: Pick<Wakeups, "listen">;
  /** The holder: rows addressed to it are taken. */
  readonly instance: string;
  readonly settle: (consumerId: number, items: readonly SettlementItem[]) => Promise<HolderResult>;
  readonly onError: (error: Error) => void;
}

/** Rows being settled at a time: a row has up to `MAX_ROW_BYTES` of text. */
const MAX_ROWS = 64;
const SWEPT_AFTER_MS = 60_000;

/** Settles what arrived at other instances for partitions held here, and answers those instances. */
export class SettlementInbox {
  readonly #options: SettlementInboxOptions;
  readonly #stopListening: () => void;
  readonly #settling = new Set<Promise<void>>();
  #answers: SettlementAnswerRow[] = [];

  /** Takes what waits. Called on every wake-up, and now and then in case one is lost. */
  readonly take = coalesced(() => this.#guarded(() => this.#takeRows()));
  readonly #send = coalesced(() => this.#guarded(() => this.#sendAnswers()));

  constructor(options: SettlementInboxOptions) {
    this.#options = options;
    this.#stopListening = options.wakeups.listen(inboxChannel(options.instance), () => void this.take.run());
  }

  /** Deletes what nobody takes or waits for any more. */
  sweep(): Promise<void> {
    return this.#guarded(() => sweepSettlementInbox(this.#options.database.pool, SWEPT_AFTER_MS));
  }

  /** Answers what is here already. */
  async drain(): Promise<void> {
    await this.take.run();
    await Promise.all(this.#settling);
    await this.#send.run();
  }

  close(): void {
    this.#stopListening();
  }

  async #takeRows(): Promise<void> {
    const { database, instance } = this.#options;
    for (let limit = MAX_ROWS; limit > 0; ) {
      const rows = await takeSettlementRequests(database.pool, { holder: instance, limit });
      for (const row of rows) this.#start(row);
      if (rows.length < limit) return;
      limit = MAX_ROWS - this.#settling.size;
    }
  }

  #start(row: Omit<SettlementRequestRow, "holder">): void {
    const wasFull = this.#settling.size + 1 >= MAX_ROWS;
    const settling = this.#settle(row).finally(() => {
      this.#settling.delete(settling);
      if (wasFull) void this.take.run();
    });
    this.#settling.add(settling);
  }

  async #settle({ consumerId, id, asker, body }: Omit<SettlementRequestRow, "holder">): Promise<void> {
    const answers = await Promise.all(requestsOf(body).map((items) => this.#answer(consumerId, items)));
    this.#answers.push({ consumerId, id, asker, body: JSON.stringify(answers) });
    void this.#send.run();
  }

  async #answer(consumerId: number, items: readonly SettlementItem[]): Promise<HolderAnswer> {
    try {
      return await this.#options.settle(consumerId, items);
    } catch (error) {
      if (error instanceof DomainError) return refusedAnswer(error);
      this.#options.onError(error as Error);
      return refusedAnswer(new DomainError("internal", "the settlements could not be counted"));
    }
  }

  async #sendAnswers(): Promise<void> {
    const { database, instance } = this.#options;
    const answers = this.#answers;
    this.#answers = [];
    if (answers.length === 0) return;
    const channels = Array.from(new Set(answers.map((it) => it.asker)), answersChannel);
    await insertSettlementAnswers(database.pool, { holder: instance, answers, channels });
  }

  async #guarded(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#options.onError(error as Error);
    }
  }
}
