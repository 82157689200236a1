import { backoffMs, pause } from "./backoff.ts";
import { isWorthReconnecting } from "./follow-topic.ts";
import type { Job } from "./job.ts";
import type { KnownEntry } from "./known-entries.ts";
import { MillraceError } from "./millrace-error.ts";
import type { PendingState } from "./pending-state.ts";
import { isTooLong, MAX_SETTLEMENTS, outcomeText, packSettlements, settlementText } from "./settlement-batch.ts";
import { composeStates, updatedEntries } from "./state-changes.ts";
import { path, type Transport } from "./transport.ts";
import type { SettlementResult } from "./wire.ts";

export interface SettlerEvents {
  /** Committed; the job is over. */
  settled(job: Job): void;
  /** The settlement does not count: the delivery was taken back, and the event comes again in its turn. */
  superseded(job: Job): void;
  /**
   * Refused because its lease is not ours any more: what the handler did counts for nothing here. `isCertain` is false when the server did not say which of a request's leases were meant, or meant no
   * lease.
   */
  lost(job: Job, isCertain: boolean): void;
  /** The handler's wish about the state cannot be had: its run counts for nothing, and the job gets a verdict. */
  failedLate(job: Job, error: unknown): void;
  /** The server has answered: it knows that the member is alive. */
  heard(): void;
  /** Nothing is on its way any more. */
  idle(): void;
  /** A refusal that repeating cannot cure. */
  failed(error: unknown): void;
}

/** So often somebody else may be faster with an entry that a job updates, before the job counts as failed. */
const MAX_CONFLICTS = 25;
/** After so many conflicts of a request its jobs go in smaller ones. */
const MAX_TOGETHER = 3;

/**
 * Sends settlements the way the server commits them: one request at a time, and everything that finished meanwhile in
 * the next. No timer: under load requests grow by themselves, without load nothing waits.
 */
export class Settler {
  readonly #transport: Transport;
  readonly #path: string;
  readonly #events: SettlerEvents;
  readonly #state: PendingState;
  readonly #stop = new AbortController();
  #finished: Job[] = [];
  readonly #overdue = new Set<Job>();
  #isSending = false;

  constructor(
    transport: Transport,
    consumer: string,
    { events, state }: { readonly events: SettlerEvents; readonly state: PendingState },
  ) {
    this.#transport = transport;
    this.#path = path("consumers", consumer, "settlements");
    this.#events = events;
    this.#state = state;
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
        if (overdue.length > 0) await this.#sendExtensions(overdue);
        await this.#send(batch.jobs);
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

  /** Repeats until it is known what became of the jobs: a repeat of what took effect changes nothing. */
  async #send(batch: readonly Job[]): Promise<void> {
    let jobs = [...batch];
    let failures = 0;
    for (let conflicts = 0; jobs.length > 0; ) {
      if (jobs.length > 1 && conflicts >= MAX_TOGETHER) return this.#sendHalves(jobs);
      try {
        const { settlements, after } = await this.#compose(jobs);
        if (jobs.length > 1 && isTooLong(settlements)) return this.#sendHalves(jobs);
        const superseded = await this.#post(settlements);
        this.#learn(jobs, superseded.size > 0 ? new Map() : after);
        for (const [index, job] of jobs.entries()) {
          if (superseded.has(index)) this.#events.superseded(job);
          else this.#events.settled(job);
        }
        return;
      } catch (error) {
        const found = conflictsIn(error);
        if (found !== null) {
          conflicts++;
          this.#onConflict(jobs, { found, error, isLast: jobs.length === 1 && conflicts >= MAX_CONFLICTS });
          if (conflicts > 1) await pause(backoffMs(conflicts, 2, 250), this.#stop.signal);
          continue;
        }
        const rest = this.#withoutLost(jobs, error);
        if (rest === null) await this.#waitOut(error, ++failures);
        else jobs = rest;
      }
    }
  }

  async #sendHalves(jobs: readonly Job[]): Promise<void> {
    const middle = Math.ceil(jobs.length / 2);
    await this.#send(jobs.slice(0, middle));
    await this.#send(jobs.slice(middle));
  }

  async #sendExtensions(overdue: readonly Job[]): Promise<void> {
    const now = Date.now();
    for (const job of overdue) job.heardAt = now;
    let jobs = [...overdue];
    for (let failures = 0; jobs.length > 0; ) {
      try {
        await this.#post(jobs.map((job) => settlementText(job, "extend", "")));
        return;
      } catch (error) {
        const rest = this.#withoutLost(jobs, error);
        if (rest === null) await this.#waitOut(error, ++failures);
        else jobs = rest;
      }
    }
  }

  /** Returns the indexes of settlements that do not count. */
  async #post(settlements: readonly string[]): Promise<ReadonlySet<number>> {
    const body = `{"settlements":[${settlements.join(",")}]}`;
    const signal = this.#stop.signal;
    const answer = await this.#transport.ask(this.#path, { method: "POST", body, signal, timeLimitMs: 15_000 });
    this.#events.heard();
    return new Set((JSON.parse(answer) as SettlementResult).superseded);
  }

  /** The settlements of jobs; one whose update throws has failed, and says so. */
  async #compose(jobs: readonly Job[]): Promise<{ settlements: string[]; after: ReadonlyMap<string, KnownEntry> }> {
    for (;;) {
      const unknown = [...updatedEntries(jobs)].filter((key) => this.#state.known.get(key) === undefined);
      // Entries that are learned may push others out, so the request has its own.
      const learned = new Map<string, KnownEntry>();
      for (const key of unknown) learned.set(key, await this.#state.learn(key, this.#stop.signal));
      const known = { get: (key: string) => learned.get(key) ?? this.#state.known.get(key) };
      const { texts, after, failed } = composeStates(jobs, known, this.#transport);
      if (failed === null) return { settlements: jobs.map((job, i) => outcomeText(job, texts[i] ?? null)), after };
      this.#events.failedLate(failed.job, failed.error);
    }
  }

  #learn(jobs: readonly Job[], after: ReadonlyMap<string, KnownEntry>): void {
    for (const { draft } of jobs) for (const key of draft?.entries.keys() ?? []) this.#state.known.forget(key);
    for (const [key, entry] of after) this.#state.known.learn(key, entry);
  }

  #onConflict(
    jobs: readonly Job[],
    { found, error, isLast }: { found: readonly StateConflict[]; error: unknown; isLast: boolean },
  ): void {
    for (const { index, entry, reason } of found) {
      this.#state.known.forget(entry);
      const job = isLast ? jobs[0] : jobs[index];
      // An increment of what is no number: reading it again makes it none.
      if (job !== undefined && job.verdict === null && (isLast || reason !== "version")) {
        this.#events.failedLate(job, error);
      }
    }
  }

  /** The jobs that a refusal does not mean, those that it means being lost; null: it is no such refusal. */
  #withoutLost(jobs: readonly Job[], error: unknown): Job[] | null {
    const refused = refusedIndexes(error);
    if (refused === null) return null;
    const isRefused = (index: number) => refused.size === 0 || refused.has(index);
    const isCertain = refused.size > 0 && error instanceof MillraceError && error.code === "stale-epoch";
    for (const [index, job] of jobs.entries()) if (isRefused(index)) this.#events.lost(job, isCertain);
    return jobs.filter((_, index) => !isRefused(index));
  }

  async #waitOut(error: unknown, failures: number): Promise<void> {
    if (!isWorthReconnecting(error)) throw error;
    await pause(backoffMs(failures, 250, 5_000), this.#stop.signal);
  }
}

interface StateConflict {
  readonly index: number;
  readonly entry: string;
  readonly reason: string;
}

function conflictsIn(error: unknown): readonly StateConflict[] | null {
  if (!(error instanceof MillraceError) || error.code !== "state-conflict") return null;
  const conflicts = error.problem?.conflicts;
  return Array.isArray(conflicts) && conflicts.length > 0 ? (conflicts as StateConflict[]) : null;
}

/** The settlements of a request that were refused; an empty set means all of them; null: another failure. */
function refusedIndexes(error: unknown): Set<number> | null {
  if (!(error instanceof MillraceError)) return null;
  if (error.code !== "stale-epoch" && error.code !== "not-delivered") return null;
  const named = error.problem?.stale ?? error.problem?.undelivered;
  return new Set(Array.isArray(named) ? (named as { index: number }[]).map((it) => it.index) : []);
}
