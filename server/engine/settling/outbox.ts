import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { DomainError } from "../../domain/errors.ts";
import type { Database } from "../../store/database.ts";
import { isInstanceAlive } from "../../store/instance-alive.ts";
import { takeSettlementAnswers } from "../../store/settling/settlement-answers-take.ts";
import { insertSettlementRequest } from "../../store/settling/settlement-request-insert.ts";
import { coalesced } from "../coalesced.ts";
import { answersChannel, inboxChannel } from "../partitions/consumer-channels.ts";
import type { Wakeups } from "../wakeups.ts";
import { type HolderAnswer, itemsText } from "./answer.ts";
import type { SettlementItem } from "./group.ts";

export interface SettlementOutboxOptions {
  readonly database: Database;
  readonly wakeups: Pick<Wakeups, "listen">;
  /** The asker: answers come back to it. */
  readonly instance: string;
  readonly onError: (error: Error) => void;
}

/** Gone: nobody at all says that the holder is alive. */
export type Asked = HolderAnswer | { readonly kind: "gone" };

interface Asking {
  readonly text: string;
  readonly resolve: (asked: Asked) => void;
  readonly reject: (error: unknown) => void;
}

/** Requests from one consumer's callers to one holder. */
interface Line {
  readonly consumerId: number;
  readonly holder: string;
  waiting: Asking[];
  waitingBytes: number;
  rows: number;
  isGathering: boolean;
}

/** One request more always fits: it is bounded where it arrives. */
const MAX_ROW_BYTES = 1024 * 1024;
const MAX_WAITING_BYTES = 32 * 1024 * 1024;
/** Rows of one line on their way at a time; meanwhile the next one gathers. */
const MAX_ROWS = 2;
const ANSWER_MS = 5_000;
const FIRST_LOOK_MS = 250;
const LOOK_MS = 1_000;

export function holderUnavailable(): DomainError {
  return new DomainError("holder-unavailable", "the instance that holds the partition did not answer; repeat", {
    retryAfterSeconds: 1,
  });
}

/** Sends settlements to the instances that hold their partitions, in groups, and waits for what they answer. */
export class SettlementOutbox {
  readonly #options: SettlementOutboxOptions;
  readonly #stopListening: () => void;
  readonly #lines = new Map<string, Line>();
  /** By the id of their rows. */
  readonly #answered = new Map<string, (answers: readonly HolderAnswer[]) => void>();
  readonly #take = coalesced(() => this.#takeAnswers());

  constructor(options: SettlementOutboxOptions) {
    this.#options = options;
    this.#stopListening = options.wakeups.listen(answersChannel(options.instance), () => {
      if (this.#answered.size > 0) void this.#take.run();
    });
  }

  /** Refuses with `queue-full`, `holder-unavailable` and `database-unavailable`. */
  ask(consumerId: number, holder: string, items: readonly SettlementItem[]): Promise<Asked> {
    const line = this.#line(consumerId, holder);
    const text = itemsText(items);
    if (line.waitingBytes + text.length > MAX_WAITING_BYTES) {
      return Promise.reject(
        new DomainError("queue-full", "too many settlements are waiting for this consumer", { retryAfterSeconds: 1 }),
      );
    }
    return new Promise((resolve, reject) => {
      line.waiting.push({ text, resolve, reject });
      line.waitingBytes += text.length;
      this.#gather(line);
    });
  }

  close(): void {
    this.#stopListening();
  }

  #line(consumerId: number, holder: string): Line {
    const id = `${consumerId} ${holder}`;
    let line = this.#lines.get(id);
    if (line === undefined) {
      line = { consumerId, holder, waiting: [], waitingBytes: 0, rows: 0, isGathering: false };
      this.#lines.set(id, line);
    }
    return line;
  }

  /** One turn of the loop, so that everything that arrived together goes together. */
  #gather(line: Line): void {
    if (line.isGathering || line.waiting.length === 0 || line.rows >= MAX_ROWS) return;
    line.isGathering = true;
    setImmediate(() => {
      line.isGathering = false;
      void this.#send(line, takeRow(line));
      this.#gather(line);
    });
  }

  async #send(line: Line, asking: readonly Asking[]): Promise<void> {
    const { database, instance } = this.#options;
    const { consumerId, holder } = line;
    const id = randomUUID();
    line.rows += 1;
    try {
      const answered = new Promise<readonly HolderAnswer[]>((resolve) => this.#answered.set(id, resolve));
      const body = `[${asking.map((it) => it.text).join(",")}]`;
      const channel = inboxChannel(holder);
      await insertSettlementRequest(database.pool, { consumerId, id, holder, asker: instance, body, channel });
      const answers = await this.#await(answered, holder);
      asking.forEach((it, i) => void it.resolve(answers === "gone" ? { kind: "gone" } : (answers[i] ?? MOVED)));
    } catch (error) {
      for (const it of asking) it.reject(error);
    } finally {
      this.#answered.delete(id);
      line.rows -= 1;
      if (line.rows === 0 && line.waiting.length === 0) this.#lines.delete(`${consumerId} ${holder}`);
      else this.#gather(line);
    }
  }

  /** A request that is not answered in time may count all the same: the caller repeats, and a repeat is harmless. */
  async #await(answered: Promise<readonly HolderAnswer[]>, holder: string): Promise<readonly HolderAnswer[] | "gone"> {
    const stop = new AbortController();
    try {
      for (let waitedMs = 0, lookMs = FIRST_LOOK_MS; waitedMs < ANSWER_MS; waitedMs += lookMs, lookMs = LOOK_MS) {
        const tick = delay(lookMs, null, { signal: stop.signal }).catch(() => null);
        const answers = await Promise.race([answered, tick]);
        if (answers !== null) return answers;
        // A wake-up may be lost.
        await this.#take.run();
        if (!(await isInstanceAlive(this.#options.database.pool, holder))) return "gone";
      }
      throw holderUnavailable();
    } finally {
      stop.abort();
    }
  }

  async #takeAnswers(): Promise<void> {
    const { database, instance, onError } = this.#options;
    try {
      for (const { id, body } of await takeSettlementAnswers(database.pool, instance)) {
        this.#answered.get(id)?.(JSON.parse(body) as HolderAnswer[]);
      }
    } catch (error) {
      onError(error as Error);
    }
  }
}

const MOVED: HolderAnswer = { kind: "moved" };

function takeRow(line: Line): Asking[] {
  let bytes = 0;
  let end = 0;
  for (const { text } of line.waiting) {
    if (end > 0 && bytes + text.length > MAX_ROW_BYTES) break;
    bytes += text.length;
    end += 1;
  }
  const row = line.waiting.slice(0, end);
  line.waiting = line.waiting.slice(end);
  line.waitingBytes -= bytes;
  return row;
}
