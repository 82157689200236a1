/**
 * Runs work one at a time: however often it is asked for during a run, one more run follows. Resolves after a run that
 * began at or after the call. The work must not reject.
 */
export function coalesced(work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | null = null;
  let isWanted = false;
  async function runAll(): Promise<void> {
    do {
      isWanted = false;
      await work();
    } while (isWanted);
    // In one go with the last look: a call after this begins a run of its own.
    running = null;
  }
  return () => {
    isWanted = true;
    running ??= runAll();
    return running;
  };
}
