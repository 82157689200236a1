import type { ConsumerState } from "./consumer-state.ts";
import type { Job } from "./job.ts";
import { StateDraft } from "./state-draft.ts";
import type { Transport } from "./transport.ts";

/** State changes of finished handlers whose acks are still on their way: later handlers must see them already. */
export class PendingState {
  readonly #changes = new Map<string, { readonly job: Job; readonly text: string | null }>();
  readonly #transport: Transport;
  readonly #stored: ConsumerState;

  constructor(transport: Transport, stored: ConsumerState) {
    this.#transport = transport;
    this.#stored = stored;
  }

  async get<Value>(job: Job, key: string, signal: AbortSignal): Promise<Value | undefined> {
    const own = job.draft?.changes.get(key);
    const text = own === undefined ? this.#changes.get(key)?.text : own;
    if (text === null) return undefined;
    if (text !== undefined) return this.#transport.parse(text) as Value;
    const entry = await this.#stored.get<Value>(key, { signal });
    return entry === null ? undefined : entry.value;
  }

  set(job: Job, key: string, value: unknown): void {
    job.draft ??= new StateDraft();
    job.draft.set(key, this.#transport.stringify(value));
  }

  delete(job: Job, key: string): void {
    job.draft ??= new StateDraft();
    job.draft.delete(key);
  }

  /** The handler succeeded: its changes are seen by the handlers that start from now on. */
  publish(job: Job): void {
    if (job.draft === null) return;
    for (const [key, text] of job.draft.changes) this.#changes.set(key, { job, text });
  }

  /** The changes are committed, or lost with their lease: either way what is stored is the truth again. */
  forget(job: Job): void {
    if (job.draft === null) return;
    for (const key of job.draft.changes.keys()) {
      if (this.#changes.get(key)?.job === job) this.#changes.delete(key);
    }
  }
}
