import { backoffMs, pause } from "./backoff.ts";
import { isWorthReconnecting } from "./follow-topic.ts";
import type { Job } from "./job.ts";
import { MillraceError } from "./millrace-error.ts";
import { MAX_SETTLEMENTS, packSettlements, settlementText } from "./settlement-batch.ts";
import { path, type Transport } from "./transport.ts";
import type { SettlementResult } from "./wire.ts";

export interface SettlerEvents {
  /** Committed; the job is over. */
  settled(job: Job): void;
  /** It does not count: the delivery was taken back, and the event comes again in its turn. */
  superseded(job: Job): void;
  /** Refused because its lease is not ours any more: what the handler did counts for nothing here. */
  /** `isCertain` is false when the server did not say which of a request's leases were meant, or meant no lease. */
  lost(job: Job, isCertain: boolean): void;
  /** Nothing is on its way any more. */
  idle(): void;
  /** A refusal that repeating cannot cure. */
  failed(error: unknown): void;
}

interface Outgoing {
  settlements: string[];
  jobs: Job[];
}

/**
 * Sends settlements the way the server commits them: one request at a time, and everything that finished meanwhile in
 * the next. No timer: under load requests grow by themselves, without load nothing waits.
 */
export class Settler {
  readonly #transport: Transport;
  readonly #path: string;
  readonly #events: SettlerEvents;
  readonly #stop = new AbortController();
  #finished: Job[] = [];
  readonly #overdue = new Set<Job>();
  #isSending = false;

  constructor(transport: Transport, consumer: string, events: SettlerEvents) {
    this.#transport = transport;
    this.#path = path("consumers", consumer, "settlements");
    this.#events = events;
  }

  get isIdle(): boolean {
    return !this.#isSending && this.#finished.length === 0;
  }

  /** Tells the server what became of a finished job. */
  settle(job: Job): void {
    this.#finished.push(job);
    this.#wake();
  }

  /** Tells the server that these are still being worked on. */
  extend(jobs: readonly Job[]): void {
    for (const job of jobs) this.#overdue.add(job);
    this.#wake();
  }

  /** Gives up what is on its way; unanswered settlements may or may not have been committed. */
  stop(): void {
    this.#stop.abort();
  }

  #wake(): void {
    if (this.#isSending) return;
    this.#isSending = true;
    // Handlers that end in the same turn share the first request.
    queueMicrotask(() => void this.#sendAll());
  }

  async #sendAll(): Promise<void> {
    try {
      while (!this.#stop.signal.aborted && this.#finished.length + this.#overdue.size > 0) {
        const overdue = this.#takeOverdue();
        const batch = packSettlements(this.#finished);
        this.#finished = batch.left;
        // By themselves, so that an ack never fails because of an extension.
        if (overdue.length > 0) await this.#send(extensions(overdue), () => {});
        if (batch.jobs.length > 0) await this.#send(batch, (job) => this.#events.settled(job));
      }
    } catch (error) {
      if (this.#stop.signal.aborted) return;
      this.#stop.abort();
      this.#events.failed(error);
    } finally {
      this.#isSending = false;
      this.#events.idle();
    }
  }

  #takeOverdue(): Job[] {
    const taken: Job[] = [];
    for (const job of this.#overdue) {
      if (taken.length === MAX_SETTLEMENTS) break;
      this.#overdue.delete(job);
      if (job.status === "waiting") taken.push(job);
    }
    return taken;
  }

  /** Repeats until it is known what became of the settlements: a repeat of one that took effect changes nothing. */
  async #send(batch: Outgoing, onSettled: (job: Job) => void): Promise<void> {
    let { settlements, jobs } = batch;
    for (let failures = 0; settlements.length > 0; ) {
      try {
        const body = `{"settlements":[${settlements.join(",")}]}`;
        const signal = this.#stop.signal;
        const answer = await this.#transport.ask(this.#path, { method: "POST", body, signal, timeLimitMs: 15_000 });
        const superseded = new Set((JSON.parse(answer) as SettlementResult).superseded);
        for (const [index, job] of jobs.entries()) {
          if (superseded.has(index)) this.#events.superseded(job);
          else onSettled(job);
        }
        return;
      } catch (error) {
        const refused = refusedIndexes(error);
        if (refused !== null) {
          const isRefused = (_: unknown, index: number) => refused.size === 0 || refused.has(index);
          const isCertain = refused.size > 0 && error instanceof MillraceError && error.code === "stale-epoch";
          for (const job of jobs.filter(isRefused)) this.#events.lost(job, isCertain);
          settlements = settlements.filter((it, index) => !isRefused(it, index));
          jobs = jobs.filter((it, index) => !isRefused(it, index));
        } else if (isWorthReconnecting(error)) {
          failures++;
          await pause(backoffMs(failures, 250, 5_000), this.#stop.signal);
        } else throw error;
      }
    }
  }
}

function extensions(overdue: readonly Job[]): Outgoing {
  const now = Date.now();
  for (const job of overdue) job.heardAt = now;
  return { settlements: overdue.map((job) => settlementText(job, "extend", "")), jobs: [...overdue] };
}

/** Which settlements of a request were refused; an empty set means all of them; null: another failure. */
function refusedIndexes(error: unknown): Set<number> | null {
  if (!(error instanceof MillraceError)) return null;
  if (error.code !== "stale-epoch" && error.code !== "not-delivered") return null;
  const named = error.problem?.stale ?? error.problem?.undelivered;
  return new Set(Array.isArray(named) ? (named as { index: number }[]).map((it) => it.index) : []);
}
