import type pg from "pg";
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

/** The next transaction is written, and its answer is lost. */
export function loseNextCommit(instance: Instance): { lost: () => number } {
  const { pool } = instance.database;
  const connect = pool.connect.bind(pool) as (callback?: unknown) => unknown;
  let lost = 0;
  pool.connect = (async (callback?: unknown) => {
    if (callback !== undefined) return connect(callback);
    pool.connect = connect as typeof pool.connect;
    const client = (await connect()) as pg.PoolClient;
    const query = client.query.bind(client) as (statement: unknown) => Promise<unknown>;
    client.query = (async (statement: unknown) => {
      const answer = await query(statement);
      if (statement !== "COMMIT") return answer;
      lost += 1;
      throw Object.assign(new Error("the connection was reset"), { code: "ECONNRESET" });
    }) as typeof client.query;
    return client;
  }) as typeof pool.connect;
  return { lost: () => lost };
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
