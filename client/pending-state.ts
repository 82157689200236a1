import { Changes } from "./changes.ts";
import type { ConsumerState } from "./consumer-state.ts";
import type { Job } from "./job.ts";
import { KnownEntries, type KnownEntry } from "./known-entries.ts";
import { type DraftEntry, type Json, runSteps, StateDraft, type Step, stepsOf } from "./state-draft.ts";

/** State changes of finished handlers whose acks are still on their way: later handlers must see them already. */
export class PendingState {
  readonly known = new KnownEntries();
  readonly #changes = new Map<string, { readonly job: Job; readonly entry: DraftEntry }>();
  readonly #forgotten = new Changes();
  readonly #json: Json;
  readonly #stored: ConsumerState;

  constructor(json: Json, stored: ConsumerState) {
    this.#json = json;
    this.#stored = stored;
  }

  async get<Value>(job: Job, key: string, signal: AbortSignal): Promise<Value | undefined> {
    const text = await this.#read(job, key, signal);
    return text === null ? undefined : (this.#json.parse(text) as Value);
  }

  set(job: Job, key: string, value: unknown): void {
    this.#draftOf(job).set(key, value);
  }

  delete(job: Job, key: string): void {
    this.#draftOf(job).delete(key);
  }

  increment(job: Job, key: string, amount: number): void {
    this.#draftOf(job).increment(key, amount);
  }

  /** The value as things stand. The step is kept at once, so that a handler that does not wait for it loses nothing. */
  async update<Value>(job: Job, key: string, input: { step: Step; signal: AbortSignal }): Promise<Value> {
    const draft = this.#draftOf(job);
    draft.update(key, input.step);
    try {
      return (await this.get<Value>(job, key, input.signal)) as Value;
    } catch (error) {
      if (job.status === "waiting") draft.withdraw(key, input.step);
      throw error;
    }
  }

  /** The handler succeeded: its changes are seen by the handlers that start from now on. */
  publish(job: Job): void {
    if (job.draft === null) return;
    for (const [key, entry] of job.draft.entries) this.#changes.set(key, { job, entry });
  }

  /** The changes are committed, or lost with their lease: either way what is stored is the truth again. */
  forget(job: Job): void {
    if (job.draft === null) return;
    for (const key of job.draft.entries.keys()) {
      if (this.#changes.get(key)?.job === job) this.#changes.delete(key);
    }
    this.#forgotten.notify();
  }

  /** Reads an entry as it is stored, and remembers it. */
  async learn(key: string, signal: AbortSignal): Promise<KnownEntry> {
    const stored = await this.#stored.get(key, { signal });
    const text = stored === null ? null : (this.#json.stringify(stored.value) ?? null);
    // A lossless parser gives a number of its own kind.
    const known = { text, version: stored === null ? 0 : Number(stored.version) };
    this.known.learn(key, known);
    return known;
  }

  async #read(job: Job, key: string, signal: AbortSignal): Promise<string | null> {
    const own = job.draft?.entries.get(key);
    if (own?.kind === "set") return own.text;
    if (own?.kind === "delete") return null;
    const text = await this.#readOthers(key, signal);
    return own === undefined ? text : runSteps(key, { text, steps: stepsOf(key, own) }, this.#json);
  }

  async #readOthers(key: string, signal: AbortSignal): Promise<string | null> {
    for (;;) {
      const entry = this.#changes.get(key)?.entry;
      if (entry === undefined) return (await this.learn(key, signal)).text;
      if (entry.kind === "set") return entry.text;
      if (entry.kind === "delete") return null;
      // The outcome of an update is known only when it is committed; its handler has finished, so that is soon.
      await this.#forgotten.next(signal);
      signal.throwIfAborted();
    }
  }

  #draftOf(job: Job): StateDraft {
    job.draft ??= new StateDraft(this.#json);
    return job.draft;
  }
}
