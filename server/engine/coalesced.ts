/** Work of which one turn runs at a time. Being asked for it meanwhile, however often, makes one more turn. */
export interface Coalesced {
  /** Resolves when a turn that began after this call has ended; rejects with what that turn threw. */
  run(): Promise<void>;
  /** Resolves when no turn runs and none is asked for; never rejects. */
  whenIdle(): Promise<void>;
}

/**
 * "Run again if asked meanwhile", without flags. Who calls `run` and does not wait gives work that handles its failures,
 * since everybody who asked for a turn is told of its failure.
 */
export function coalesced(work: () => Promise<void>): Coalesced {
  let current: Promise<void> | null = null;
  let next: Promise<void> | null = null;

  function begin(): Promise<void> {
    const turn = work().finally(() => {
      if (current === turn) current = null;
    });
    current = turn;
    return turn;
  }

  function afterCurrent(running: Promise<void>): Promise<void> {
    const begun = () => {
      next = null;
      return begin();
    };
    return running.then(begun, begun);
  }

  return {
    run() {
      if (current === null) return begin();
      next ??= afterCurrent(current);
      return next;
    },
    async whenIdle() {
      for (let last = next ?? current; last !== null; last = next ?? current) await last.catch(() => undefined);
    },
  };
}
