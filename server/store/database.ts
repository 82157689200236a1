import { PrismaPg } from "@prisma/adapter-pg";
import pg from "pg";
import { BoundedClient, type DatabaseBounds, DEFAULT_BOUNDS, SilentConnection } from "./bounded-client.ts";
import { leavesSession } from "./database-errors.ts";
import { applySessionSettings } from "./members/session-settings.ts";
import { type Prisma, PrismaClient } from "./prisma/client.ts";

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
  /** Absent: `DEFAULT_BOUNDS`, one by one. */
  readonly bounds?: Partial<DatabaseBounds>;
  /** Where the tables are. Absent: where the session's `search_path` leads, which for Prisma is `public`. */
  readonly schema?: string;
}

/**
 * The one way to PostgreSQL: a pool for SQL, Prisma on a pool of its own, and connections to keep for oneself. What every
 * event or delivery passes is SQL; what people and programs do now and then is Prisma (docs/decisions.md has the figures).
 */
export interface Database {
  readonly pool: pg.Pool;
  /** The same pool for a single statement that is long by design. */
  readonly patient: Queryable;
  readonly prisma: PrismaClient;
  readonly bounds: DatabaseBounds;
  /** A connection outside the pool, for LISTEN. The caller ends it. */
  connect(): Promise<BoundedClient>;
  /** For how many milliseconds the statement has waited that waits longest, of those that should not take long. */
  waitedMs(): number;
  close(): Promise<void>;
}

/** Whatever runs one statement: the pool, or a client inside a transaction. */
export type Queryable = Pick<pg.ClientBase, "query">;

/** Whatever reads and writes tables by Prisma: the client, or one of its transactions. */
export type Tables = Prisma.TransactionClient;

const IDLE_MS = 30_000;
/** Quiet for so long, a connection is asked by TCP whether it is still there. */
const KEEP_ALIVE_MS = 10_000;
const PRISMA_CONNECTIONS = 4;

export function openDatabase(options: DatabaseOptions): Database {
  const bounds = { ...DEFAULT_BOUNDS, ...options.bounds };
  const schema = options.schema ?? null;
  const clients = new Set<BoundedClient>();
  const settings = {
    connectionString: options.url,
    application_name: "millrace",
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
    types: rowTypes,
  };

  class Client extends BoundedClient {
    constructor(config: pg.ClientConfig = settings) {
      super({ ...config, bounds, onSilence: suspectOthers });
      clients.add(this);
      // A connection that breaks between two statements must not end the process: the next statement tells.
      this.on("error", () => undefined);
      this.once("end", () => clients.delete(this));
    }
  }

  function suspectOthers(since: number): void {
    const before = clients.size;
    for (const client of clients) client.suspect(since);
    const message = `a connection to the database was lost without a word; ${before} were open`;
    options.onError(new SilentConnection(message));
  }

  function openPool(max: number): pg.Pool {
    const pool = new pg.Pool({
      ...settings,
      Client,
      max,
      idleTimeoutMillis: IDLE_MS,
      connectionTimeoutMillis: bounds.connectMs,
      onConnect: (client) => applySessionSettings(client, { bounds, schema }),
    });
    // A pooled connection that breaks while idle: the pool drops it and opens another. Those that were given up
    // because of another are not told one by one.
    pool.on("error", (error: Error) => {
      if (!(error instanceof SilentConnection)) options.onError(error);
    });
    // Its own `query` closes the connection of every statement that is refused. With a full disk new ones cannot be
    // made, so that refused writes would take the connections from the reads that still work.
    const query = (text: string | pg.QueryConfig, values?: unknown[]): Promise<unknown> =>
      new Promise((resolve, reject) => {
        pool.connect((error, client, done) => {
          if (client === undefined) return reject(error);
          client.query(text, values).then(
            (result) => {
              done();
              resolve(result);
            },
            (failure: Error) => {
              done(leavesSession(failure) ? undefined : failure);
              reject(failure);
            },
          );
        });
      });
    pool.query = query as pg.Pool["query"];
    return pool;
  }

  const pool = openPool(options.maxConnections);
  const prismaPool = openPool(PRISMA_CONNECTIONS);
  const prisma = new PrismaClient({
    adapter: new PrismaPg(prismaPool, { onConnectionError: options.onError, ...(schema === null ? {} : { schema }) }),
    errorFormat: "minimal",
    // Waiting for a connection ends as elsewhere. A whole transaction has the time of one statement.
    transactionOptions: { maxWait: bounds.connectMs, timeout: bounds.statementMs + bounds.silenceMs },
  });
  return {
    pool,
    patient: patiently(pool),
    prisma,
    bounds,
    async connect() {
      const client = new Client();
      try {
        await client.connect();
        await applySessionSettings(client, { bounds, schema });
        return client;
      } catch (error) {
        await client.end();
        throw error;
      }
    },
    waitedMs: () => Math.max(0, ...[...clients].map((client) => client.waitedMs)),
    async close() {
      await prisma.$disconnect().catch(() => undefined);
      await Promise.allSettled([prismaPool.end(), pool.end()]);
    },
  };
}

/** Runs `work` in one transaction and commits it; whatever it throws rolls everything back. */
export function transaction<T>(pool: pg.Pool, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  return runTransaction(pool, work, { isPatient: false });
}

/** The same for work that is long by design: its statements may take as long as `patientMs` says. */
export function patientTransaction<T>(pool: pg.Pool, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  return runTransaction(pool, work, { isPatient: true });
}

async function runTransaction<T>(
  pool: pg.Pool,
  work: (client: pg.PoolClient) => Promise<T>,
  { isPatient }: { readonly isPatient: boolean },
): Promise<T> {
  const client = await pool.connect();
  const patientClient = isPatient && client instanceof BoundedClient ? client : null;
  let broken: Error | undefined;
  try {
    await (patientClient === null ? client.query("BEGIN") : patientClient.beginPatiently());
    const result = await work(client);
    await client.query("COMMIT");
    return result;
  } catch (error) {
    patientClient?.endPatience();
    if (!leavesSession(error) && error instanceof pg.DatabaseError) broken = error;
    await client.query("ROLLBACK").catch((rollbackError: Error) => {
      broken = rollbackError;
    });
    throw error;
  } finally {
    patientClient?.endPatience();
    client.release(broken);
  }
}

function patiently(pool: pg.Pool): Queryable {
  const query = (text: string | pg.QueryConfig, values?: unknown[]): Promise<unknown> =>
    patientTransaction(pool, (client) => client.query(text, values));
  return { query: query as Queryable["query"] };
}
