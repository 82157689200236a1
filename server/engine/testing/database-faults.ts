import type { Instance } from "./consumer-rig.ts";

/** Holds up every statement whose name begins so, until it is let go. */
export function holdUp(instance: Instance, prefix: string): { waiting: () => number; letGo: () => void } {
  const { pool } = instance.database;
  const query = pool.query.bind(pool) as (statement: { name?: string }) => Promise<unknown>;
  let waiting = 0;
  let letGo = () => {};
  const gate = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  pool.query = (async (statement: { name?: string }) => {
    if (statement.name?.startsWith(prefix)) {
      waiting += 1;
      await gate;
    }
    return query(statement);
  }) as typeof pool.query;
  return { waiting: () => waiting, letGo: () => letGo() };
}

/** The database is away for transactions, all but the next few of them, until it is back. */
export function refuseTransactions(instance: Instance, allowed = 0): { refused: () => number; end: () => void } {
  const { pool } = instance.database;
  const connect = pool.connect.bind(pool) as (callback?: unknown) => unknown;
  let refused = 0;
  let isAway = true;
  let left = allowed;
  // Statements by themselves pass a callback.
  pool.connect = ((callback?: unknown) => {
    if (!isAway || callback !== undefined || left-- > 0) return connect(callback);
    refused += 1;
    return Promise.reject(Object.assign(new Error("away"), { code: "ECONNREFUSED" }));
  }) as typeof pool.connect;
  return {
    refused: () => refused,
    end: () => {
      isAway = false;
    },
  };
}
