/** An entry as it was last heard of: JSON text and version, or null and 0 when it is absent. */
export interface KnownEntry {
  readonly text: string | null;
  readonly version: number;
}

/** Who updates more entries than these reads some of them again. */
const MAX_KNOWN = 1_000;

/** Entries that this member updates, as it last heard of them. What is out of date here the server refuses. */
export class KnownEntries {
  readonly #entries = new Map<string, KnownEntry>();

  get(key: string): KnownEntry | undefined {
    return this.#entries.get(key);
  }

  learn(key: string, entry: KnownEntry): void {
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    if (this.#entries.size <= MAX_KNOWN) return;
    const [oldest] = this.#entries.keys();
    if (oldest !== undefined) this.#entries.delete(oldest);
  }

  forget(key: string): void {
    this.#entries.delete(key);
  }
}
