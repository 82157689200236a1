import pg from "pg";

/** How long the server waits for its database, in milliseconds. No wait is without one of these. */
export interface DatabaseBounds {
  /** For a new connection, and for one of the pool to become free. */
  readonly connectMs: number;
  /** For a lock, so that a table that somebody has locked is told from a database that is slow. */
  readonly lockMs: number;
  /** For a statement to run. PostgreSQL itself ends it then. */
  readonly statementMs: number;
  /** The same for work that is long by design: retention, accounts, previews, position changes, migrations. */
  readonly patientMs: number;
  /** Beyond a statement's bound. A connection on which nothing comes even then is taken for lost, and destroyed. */
  readonly silenceMs: number;
  /** For the next statement of a transaction. PostgreSQL ends the session of a process that stands still. */
  readonly idleInTransactionMs: number;
}

// A publish that meets a lost connection is answered within statementMs + silenceMs. A flush of 8 MB takes some 300 ms,
// and a disk that is flushing a checkpoint has been seen to take three seconds over it.
export const DEFAULT_BOUNDS: DatabaseBounds = {
  connectMs: 5_000,
  lockMs: 4_000,
  statementMs: 7_000,
  patientMs: 120_000,
  silenceMs: 1_000,
  idleInTransactionMs: 15_000,
};

/** A connection on which nothing was heard. Whether its last statement took effect is unknown. */
export class SilentConnection extends Error {
  override readonly name = "SilentConnection";
  readonly code = "ETIMEDOUT";
}

export interface BoundedClientOptions extends pg.ClientConfig {
  readonly bounds: DatabaseBounds;
  /** Hears of a connection that was silent, and since when, once it has been destroyed. */
  readonly onSilence?: (since: number) => void;
}

/**
 * A connection that is destroyed when an answer stays out. `pg` alone waits for as long as TCP does, a quarter of an
 * hour when packets vanish, and its `query_timeout` gives up the statement but keeps the connection.
 */
export class BoundedClient extends pg.Client {
  readonly bounds: DatabaseBounds;
  readonly #onSilence: (since: number) => void;
  readonly #waiting = new Set<symbol>();
  #timer: NodeJS.Timeout | undefined;
  #waitingSince = 0;
  #heardAt = performance.now();
  #isPatient = false;

  constructor(options: BoundedClientOptions) {
    const { bounds, onSilence = () => undefined, ...config } = options;
    super({ ...config, connectionTimeoutMillis: bounds.connectMs });
    this.bounds = bounds;
    this.#onSilence = onSilence;
    // `query` has a form with a callback, which pools use, and one with a promise.
    const ask = super.query.bind(this) as (...args: unknown[]) => unknown;
    this.query = ((...args: unknown[]): unknown => {
      const answered = this.#expectAnswer();
      const callback = args.at(-1);
      if (typeof callback === "function") {
        const told = (...results: unknown[]): void => {
          answered();
          callback(...results);
        };
        return ask(...args.slice(0, -1), told);
      }
      const result = ask(...args);
      if (result instanceof Promise) result.then(answered, answered);
      return result;
    }) as typeof this.query;
    const end = super.end.bind(this) as (...args: unknown[]) => unknown;
    this.end = ((...args: unknown[]): unknown => {
      // A goodbye is answered by the other end's closing, which a lost connection never does.
      const timer = setTimeout(() => this.#destroy(), bounds.silenceMs);
      timer.unref();
      this.once("end", () => clearTimeout(timer));
      return end(...args);
    }) as typeof this.end;
  }

  /** Until the transaction ends, statements may take as long as long work may. */
  async beginPatiently(): Promise<void> {
    await this.query(`BEGIN; SET LOCAL statement_timeout = ${this.bounds.patientMs}`);
    this.#isPatient = true;
  }

  endPatience(): void {
    this.#isPatient = false;
  }

  /** For how many milliseconds an answer has been waited for that should not take long; 0 = for none. */
  get waitedMs(): number {
    return this.#waiting.size === 0 || this.#isPatient ? 0 : performance.now() - this.#waitingSince;
  }

  /**
   * Another connection has been silent since then, and what happened to it may have happened to one that was not heard of
   * either. An idle one is given up; long work is waited for no longer than any other.
   */
  suspect(since: number): void {
    if (this.#heardAt >= since) return;
    if (this.#waiting.size === 0) {
      this.#destroy(new SilentConnection("given up, because another connection to the database was lost"));
    } else if (this.#isPatient) {
      this.endPatience();
      clearTimeout(this.#timer);
      this.#watch();
    }
  }

  #expectAnswer(): () => void {
    const question = Symbol("question");
    if (this.#waiting.size === 0) this.#watch();
    this.#waiting.add(question);
    return () => {
      if (!this.#waiting.delete(question)) return;
      this.#heardAt = performance.now();
      clearTimeout(this.#timer);
      if (this.#waiting.size > 0) this.#watch();
    };
  }

  #watch(): void {
    const { statementMs, patientMs, silenceMs } = this.bounds;
    const boundMs = (this.#isPatient ? patientMs : statementMs) + silenceMs;
    const since = performance.now();
    this.#waitingSince = since;
    this.#timer = setTimeout(() => {
      this.#destroy(new SilentConnection(`the database was silent for ${boundMs} ms`));
      this.#onSilence(since);
    }, boundMs);
  }

  #destroy(reason?: SilentConnection): void {
    // Absent from the types.
    const { connection } = this as unknown as { readonly connection: pg.Connection };
    connection.stream.destroy(reason);
  }
}
