import { Changes } from "./changes.ts";
import { ClosedSequences } from "./closed-sequences.ts";
import { ConsumerState } from "./consumer-state.ts";
import { type EventContext, JobContext } from "./event-context.ts";
import { Extender } from "./extender.ts";
import { isThenable } from "./is-thenable.ts";
import type { Job } from "./job.ts";
import { KeySequences } from "./key-sequences.ts";
import type { Declared, MemberOptions } from "./member-options.ts";
import { PendingState } from "./pending-state.ts";
import { received } from "./received-event.ts";
import { type Redelivered, ResumedDeliveries } from "./resumed-deliveries.ts";
import { Settler, type SettlerEvents } from "./settler.ts";
import type { Transport } from "./transport.ts";
import { verdictOf } from "./verdict.ts";
import type { CloudEvent, Delivery, ParkedNotice } from "./wire.ts";

/** More than any server lets one member hold; reading stops here even if a server forgets its bound. */
const MAX_HELD = 20_000;

/** So long a server may take to say that it has parked a failed event. */
const MIN_CLOSED_MS = 30_000;

/** Runs the handler over deliveries and settles them. Outlives connections; knows nothing of them. */
export class Member {
  #declared: Declared = { ordering: "key", ackTimeoutMs: 30_000 };
  readonly #options: MemberOptions;
  readonly #sequences = new KeySequences<Job>();
  readonly #closed = new ClosedSequences();
  readonly #settler: Settler;
  readonly #pending: PendingState;
  readonly #held = new Set<Job>();
  readonly #resumed = new ResumedDeliveries();
  #running = 0;
  #isPumping = false;
  #isTaking = false;
  #isStopping = false;
  #finishing: Promise<void> | null = null;
  readonly #changes = new Changes();
  readonly #extender: Extender;

  constructor(transport: Transport, options: MemberOptions) {
    this.#options = options;
    this.#pending = new PendingState(transport, new ConsumerState(transport, options.consumer));
    const events: SettlerEvents = {
      settled: (job) => this.#over(job),
      superseded: (job) => this.#over(job, "dropped"),
      heard: () => this.#extender.heard(Date.now()),
      lost: (job, isCertain) => {
        this.dropLease(job.delivery.partition, job.delivery.epoch);
        if (!isCertain) options.onBreak();
      },
      failedLate: (job, error) => this.#failedLate(job, error),
      idle: () => this.#changes.notify(),
      failed: (error) => options.onBreak({ error }),
    };
    this.#settler = new Settler(transport, options.consumer, { events, state: this.#pending });
    this.#extender = new Extender(this.#held, (jobs) => this.#settler.extend(jobs));
  }

  /** How the consumer is declared. */
  declared(declared: Declared): void {
    this.#declared = declared;
  }

  /** A connection is about to open. */
  connected(): void {
    this.#isTaking = true;
    this.#extender.start(this.#declared.ackTimeoutMs);
  }

  /** Jobs that are here go on: the session may go on as well. */
  disconnected(): void {
    this.#isTaking = false;
    this.#resumed.remember(this.#held);
  }

  /**
   * Resolves when the server knows of every failure here, or after `limitMs`; false: it does not. Whether the notice of
   * such a failure went down with the old connection or is still to come could not be told on the next one.
   */
  async failuresKnown(limitMs: number, signal: AbortSignal): Promise<boolean> {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(limitMs)]);
    const isKnown = () => this.#closed.deliveries().every((it) => !this.#isHeld(it));
    while (!isKnown() && !limit.aborted) await this.#changes.next(limit);
    return isKnown();
  }

  /** The session goes on: what was in flight still is, and what was lost on the wire comes again. */
  resumed(): void {
    this.#closed.openThose((delivery) => !this.#isHeld(delivery));
  }

  /** There is no session, or a new one: what is unsettled comes again; what runs may finish, and may count. */
  beginAnew(): void {
    this.dropQueued(() => true);
    this.#closed.forget();
    this.#resumed.forget();
  }

  take(delivery: Redelivered, event: CloudEvent): void {
    if (!this.#isTaking || this.#isStopping) return;
    if (delivery.redelivered === true && this.#resumed.has(delivery)) return;
    const it = received(event, delivery.offset);
    const sequence = this.#sequenceOf(delivery, it.key);
    const now = Date.now();
    if (sequence !== null && this.#isStale(sequence, delivery, now)) return;
    const job: Job = {
      delivery,
      received: it,
      sequence,
      status: "waiting",
      heardAt: now,
      isParked: delivery.parked === true,
      verdict: null,
      draft: null,
      abort: null,
    };
    this.#held.add(job);
    this.#sequences.add(sequence, job);
  }

  /** The server has parked an event: what it delivered of the sequence after it, until now, is taken back. */
  parked(notice: ParkedNotice): void {
    const { topic, partition, offset, key } = notice;
    const sequence = this.#sequenceOf(notice, key);
    // A sequence that was closed here is empty already.
    if (sequence !== null && this.#closed.onParked(sequence, notice) !== "open") return;
    for (const job of this.#held) {
      if (job.delivery.topic !== topic || job.delivery.partition !== partition) continue;
      if (job.delivery.offset === offset) job.isParked = true;
      else if (sequence !== null && job.sequence === sequence && job.delivery.offset > offset)
        this.#over(job, "dropped");
    }
  }

  /** Starts handlers until `concurrency` of them run. */
  pump(): void {
    if (this.#isPumping) return;
    this.#isPumping = true;
    while (this.#running < this.#options.concurrency && !this.#isStopping) {
      const job = this.#sequences.next();
      if (job === undefined) break;
      if (job.status === "waiting") this.#run(job);
      else this.#sequences.release(job.sequence);
    }
    this.#isPumping = false;
  }

  /** Resolves when there is room for more deliveries, or the signal aborts. */
  async room(signal: AbortSignal): Promise<void> {
    while (this.#held.size >= MAX_HELD && !signal.aborted) await this.#changes.next(signal);
  }

  /** Forgets deliveries that no handler is working on: they come again. Those that run may finish and settle. */
  dropQueued(isDropped: (delivery: Delivery) => boolean): void {
    this.#sequences.drop((job) => isDropped(job.delivery) && this.#over(job, "dropped"));
    this.pump();
  }

  /** A partition's epoch has ended: nothing of it can be settled any more. */
  dropLease(partition: number, epoch: number): void {
    this.#dropLost((it) => it.partition === partition && it.epoch <= epoch);
  }

  dropEverything(): void {
    this.#dropLost(() => true);
  }

  /** Starts nothing more; resolves when what runs is finished and settled, or after `graceMs`, then cuts off. */
  finish(graceMs: number): Promise<void> {
    this.#finishing ??= this.#finish(graceMs);
    return this.#finishing;
  }

  async #finish(graceMs: number): Promise<void> {
    this.#isStopping = true;
    this.dropQueued(() => true);
    const grace = new AbortController();
    const timer = setTimeout(() => grace.abort(), graceMs);
    while ((this.#running > 0 || !this.#settler.isIdle) && !grace.signal.aborted)
      await this.#changes.next(grace.signal);
    clearTimeout(timer);
    this.#extender.stop();
    this.#settler.stop();
    this.dropEverything();
  }

  #dropLost(isLost: (lease: { readonly partition: number; readonly epoch: number }) => boolean): void {
    this.dropQueued(isLost);
    for (const job of this.#held) if (isLost(job.delivery)) this.#over(job, "dropped");
  }

  #run(job: Job): void {
    this.#running++;
    const context = new JobContext(job, this.#pending);
    let result: unknown;
    try {
      result = this.#options.handler(context);
    } catch (error) {
      this.#failed(job, context, error);
      return;
    }
    // A handler that is not async costs no promise.
    if (isThenable(result)) {
      result.then(
        () => this.#succeeded(job),
        (error) => this.#failed(job, context, error),
      );
    } else this.#succeeded(job);
  }

  #succeeded(job: Job): void {
    this.#running--;
    if (job.status === "waiting") {
      job.status = "done";
      if (job.isParked) this.#dropRepeats(job);
      this.#pending.publish(job);
      this.#settler.settle(job);
    }
    this.#sequences.release(job.sequence);
    this.#changes.notify();
    this.pump();
  }

  #failed(job: Job, context: EventContext, error: unknown): void {
    this.#running--;
    // The writes of a handler that threw are half of something.
    job.draft = null;
    if (job.status === "waiting") {
      const verdict = verdictOf(error);
      if (verdict.outcome !== "skip") this.#options.onError(error, context);
      // At the end handlers fail because they were told to end. What is unsettled comes again.
      if (verdict.outcome === "retry" && this.#isStopping) this.#over(job, "dropped");
      else {
        job.verdict = verdict;
        job.status = "done";
        if (verdict.outcome !== "skip") this.#close(job);
        this.#settler.settle(job);
      }
    }
    this.#sequences.release(job.sequence);
    this.#changes.notify();
    this.pump();
  }

  /** The handler has succeeded, but what it wanted of the state cannot be had: the event has failed after all. */
  #failedLate(job: Job, error: unknown): void {
    const verdict = verdictOf(error);
    if (verdict.outcome !== "skip") this.#options.onError(error, new JobContext(job, this.#pending));
    this.#pending.forget(job);
    job.draft = null;
    job.verdict = verdict;
    if (verdict.outcome !== "skip") this.#close(job);
  }

  /** The job took so long that its event was delivered again meanwhile; done is done, whichever attempt did it. */
  #dropRepeats({ sequence, delivery }: Job): void {
    if (sequence === null) return;
    this.#sequences.dropBehind(sequence, (it) => {
      const { offset, epoch } = it.delivery;
      return offset === delivery.offset && epoch === delivery.epoch && this.#over(it, "dropped");
    });
  }

  /** Before the sequence is released: no later event of the key may overtake the one that failed. */
  #close({ sequence, delivery, isParked }: Job): void {
    if (sequence === null || isParked) return;
    const { partition, epoch } = delivery;
    this.#sequences.dropBehind(sequence, (it) => {
      const isSameLease = it.delivery.partition === partition && it.delivery.epoch === epoch;
      return isSameLease && this.#over(it, "dropped");
    });
    this.#closed.close(sequence, delivery, Date.now());
  }

  #isStale(sequence: string, delivery: Delivery, now: number): boolean {
    const since = this.#closed.staleSince(sequence, delivery);
    if (since === null) return false;
    // A sequence is not closed for ever because a server forgot to say that it has parked something.
    if (now - since > Math.max(this.#declared.ackTimeoutMs, MIN_CLOSED_MS)) this.#options.onBreak();
    return true;
  }

  #isHeld(delivery: Delivery): boolean {
    for (const job of this.#held) if (job.delivery === delivery) return true;
    return false;
  }

  #over(job: Job, status: Job["status"] = job.status): true {
    job.status = status;
    if (status === "dropped") job.abort?.abort();
    this.#held.delete(job);
    this.#pending.forget(job);
    this.#changes.notify();
    return true;
  }

  #sequenceOf(place: { topic: string; partition: number }, key: string | null): string | null {
    if (this.#declared.ordering === "topic") return `${place.topic}/${place.partition}`;
    return key === null ? null : `${place.topic}/${key}`;
  }
}
