import { PrismaPg } from "@prisma/adapter-pg";
import pg from "pg";
import { PrismaClient } from "./prisma/client.ts";

const INT8 = 20;
const TIMESTAMPTZ = 1184;

// Offsets are plain numbers (checked ≤ 2^53−1 at append) and times travel as PostgreSQL's ISO text, so that neither
// costs an object per event on a hot path.
const rowTypes = {
  getTypeParser(oid: number, format?: "text" | "binary") {
    if (oid === INT8) return Number;
    if (oid === TIMESTAMPTZ) return isoTime;
    return pg.types.getTypeParser(oid as never, format as never);
  },
} as unknown as pg.CustomTypesConfig;

/** PostgreSQL's `2026-11-20 21:00:00.12+00` (sessions run in UTC) as RFC 3339. */
export function isoTime(text: string): string {
  return `${text.slice(0, 10)}T${text.slice(11).replace(/\+00$/, "Z")}`;
}

export interface DatabaseOptions {
  readonly url: string;
  readonly maxConnections: number;
  readonly onError: (error: Error) => void;
}

/** The one way to PostgreSQL: a pool for SQL, Prisma on a pool of its own, and connections to keep for oneself. */
export interface Database {
  readonly pool: pg.Pool;
  readonly prisma: PrismaClient;
  /** A connection outside the pool, for LISTEN. The caller ends it. */
  connect(): Promise<pg.Client>;
  close(): Promise<void>;
}

/** Whatever runs one statement: the pool, or a client inside a transaction. */
export type Queryable = Pick<pg.ClientBase, "query">;

export function openDatabase(options: DatabaseOptions): Database {
  const settings = {
    connectionString: options.url,
    options: "-c timezone=UTC",
    connectionTimeoutMillis: 5_000,
    keepAlive: true,
    types: rowTypes,
  };
  const pool = new pg.Pool({ ...settings, max: options.maxConnections, idleTimeoutMillis: 30_000 });
  // A pooled connection that breaks while idle must not end the process: the pool drops it and opens another.
  pool.on("error", options.onError);
  // Nor one that breaks between two statements of a transaction: the next statement tells.
  pool.on("connect", (client) => client.on("error", () => undefined));
  const prisma = new PrismaClient({
    adapter: new PrismaPg(
      { connectionString: options.url, options: settings.options, max: 4, connectionTimeoutMillis: 5_000 },
      { onPoolError: options.onError, onConnectionError: options.onError },
    ),
  });
  return {
    pool,
    prisma,
    async connect() {
      const client = new pg.Client(settings);
      await client.connect();
      return client;
    },
    async close() {
      await Promise.allSettled([prisma.$disconnect(), pool.end()]);
    },
  };
}

/** Runs `work` in one transaction and commits it; whatever it throws rolls everything back. */
export async function transaction<T>(pool: pg.Pool, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    await client.query("BEGIN");
    const result = await work(client);
    await client.query("COMMIT");
    return result;
  } catch (error) {
    await client.query("ROLLBACK").catch((rollbackError: Error) => {
      broken = rollbackError;
    });
    throw error;
  } finally {
    client.release(broken);
  }
}
