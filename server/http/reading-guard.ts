import type { Identity } from "../auth/identity.ts";
import { requireReadable, unreadableTopic } from "../domain/readable-topics.ts";

export interface ReadingGuardOptions {
  /** The topics of a consumer as they are now; throws `consumer-not-found`. */
  readonly topicsOf: (consumer: string) => Promise<readonly string[]>;
  readonly recheckMs?: number;
}

export interface ReadingGuard {
  /** Throws `forbidden` unless the key may read every topic of the consumer. */
  admit(consumer: string, identity: Identity): Promise<void>;
  /** Calls `end` when the consumer gets a topic that the key may not read. Returns how to stop watching. */
  watch(consumer: string, stream: { readonly identity: Identity; end(): void }): () => void;
}

/** Somebody else may declare the consumer anew, while it is open, with topics that are not for its members' eyes. */
const RECHECK_MS = 5_000;

/**
 * Who takes a consumer's events may read its topics: asked when a stream begins, and for as long as it lasts. Looked at
 * once per consumer, however many streams it has; a key's scopes never change, so the topics are all there is to look at.
 */
export function createReadingGuard({ topicsOf, recheckMs = RECHECK_MS }: ReadingGuardOptions): ReadingGuard {
  type Stream = Parameters<ReadingGuard["watch"]>[1];
  const watched = new Map<string, Set<Stream>>();
  let timer: NodeJS.Timeout | null = null;

  async function recheck(): Promise<void> {
    for (const [consumer, streams] of [...watched]) {
      let topics: readonly string[];
      try {
        topics = await topicsOf(consumer);
      } catch {
        // While the database is away nothing is delivered either.
        continue;
      }
      for (const stream of [...streams]) if (unreadableTopic(stream.identity.can, topics) !== null) stream.end();
    }
    timer = watched.size === 0 ? null : setTimeout(recheck, recheckMs).unref();
  }

  return {
    async admit(consumer, identity) {
      requireReadable(identity.can, await topicsOf(consumer));
    },
    watch(consumer, stream) {
      const streams = watched.get(consumer) ?? new Set();
      watched.set(consumer, streams.add(stream));
      if (timer === null) timer = setTimeout(recheck, recheckMs).unref();
      return () => {
        streams.delete(stream);
        if (streams.size === 0 && watched.get(consumer) === streams) watched.delete(consumer);
      };
    },
  };
}
