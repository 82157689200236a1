import { MillraceError } from "./millrace-error.ts";
import { path, type Transport } from "./transport.ts";
import type { StateEntry } from "./wire.ts";

/** The state of a consumer, as committed. Reading needs no connection as a member. */
export class ConsumerState {
  readonly #transport: Transport;
  readonly #consumer: string;

  constructor(transport: Transport, consumer: string) {
    this.#transport = transport;
    this.#consumer = consumer;
  }

  /** The entry of a key; null when there is none. */
  async get<Value = unknown>(key: string, options: { signal?: AbortSignal } = {}): Promise<StateEntry<Value> | null> {
    try {
      // By a parameter: URL parsers take a key such as `..` out of a path.
      const query = new URLSearchParams({ key });
      const answer = await this.#transport.ask(`${path("consumers", this.#consumer, "state")}?${query}`, options);
      return this.#transport.parse(answer) as StateEntry<Value>;
    } catch (error) {
      if (error instanceof MillraceError && error.code === "state-entry-not-found") return null;
      throw error;
    }
  }

  /** Every entry whose key starts with `prefix`, in order of keys, page by page. */
  async *list<Value = unknown>(
    prefix = "",
    options: { signal?: AbortSignal } = {},
  ): AsyncGenerator<StateEntry<Value>, void, void> {
    let after: string | null = null;
    do {
      const query = new URLSearchParams();
      if (prefix !== "") query.set("prefix", prefix);
      if (after !== null) query.set("after", after);
      const answer = await this.#transport.ask(`${path("consumers", this.#consumer, "state")}?${query}`, options);
      const page = this.#transport.parse(answer) as { entries: StateEntry<Value>[]; next: string | null };
      yield* page.entries;
      after = page.next;
    } while (after !== null);
  }
}
