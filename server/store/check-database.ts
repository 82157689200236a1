import { setTimeout as delay } from "node:timers/promises";
import type pg from "pg";
import { StartupError } from "../startup-error.ts";
import { BoundedClient, type DatabaseBounds, DEFAULT_BOUNDS, SilentConnection } from "./bounded-client.ts";
import { isDatabaseAway } from "./database-errors.ts";
import { applySessionSettings } from "./members/session-settings.ts";

export interface CheckOptions {
  readonly url: string;
  readonly bounds?: Partial<DatabaseBounds>;
  /** Where the tables are, when that is known. Absent: what the account's `search_path` leads to. */
  readonly schema?: string;
  /** For how long a database that is not up yet is waited for. */
  readonly waitMs?: number;
  /** Hears now and then why it waits. */
  readonly onWaiting: (at: string, because: string) => void;
  /** Hears of what does not hinder the start and had better be known. */
  readonly onWarning: (message: string) => void;
  readonly signal?: AbortSignal;
}

const WAIT_MS = 60_000;
const RETRY_MS = 500;
/** Between two words about waiting. */
const TELL_MS = 10_000;
const OLDEST_VERSION = 15;
const ROUNDS = 3;

/**
 * Waits until the database can be used and returns the schema in which its tables are, or are to be. Throws a
 * `StartupError` that says in one sentence what is wrong and what to do. No password is ever in it.
 */
export async function checkDatabase(options: CheckOptions): Promise<{ readonly schema: string }> {
  const { url, onWaiting, waitMs = WAIT_MS, signal } = options;
  const bounds = { ...DEFAULT_BOUNDS, ...options.bounds };
  const startedAt = performance.now();
  let toldAt = Number.NEGATIVE_INFINITY;
  for (;;) {
    const session = openClient(url, bounds);
    const at = `${session.host}:${session.port}`;
    try {
      return await examine(session, { ...options, bounds });
    } catch (error) {
      const refusal = refusalOf(error, session);
      if (refusal !== null) throw refusal;
      const because = (error as Error).message;
      const now = performance.now();
      if (now - startedAt > waitMs) {
        const seconds = Math.round(waitMs / 1_000);
        throw new StartupError(
          `The database at ${at} was not ready within ${seconds} s (${because}). Is it running, and is DATABASE_URL right?`,
          { cause: error },
        );
      }
      if (now - toldAt > TELL_MS) {
        onWaiting(at, because);
        toldAt = now;
      }
    } finally {
      await session.end().catch(() => undefined);
    }
    await delay(RETRY_MS, undefined, { signal }).catch(() => {
      throw new StartupError("Stopped while waiting for the database.");
    });
  }
}

/** A client for the check, which has its own reasons to be quiet about connections that break. */
function openClient(url: string, bounds: DatabaseBounds): BoundedClient {
  let client: BoundedClient;
  try {
    client = new BoundedClient({ connectionString: url, application_name: "millrace", bounds });
  } catch (cause) {
    throw new StartupError(
      `DATABASE_URL cannot be read (${(cause as Error).message}). Special characters in account and password are written as %XX.`,
      { cause },
    );
  }
  client.on("error", () => undefined);
  return client;
}

async function examine(
  session: BoundedClient,
  { url, bounds, schema, onWarning }: CheckOptions & { readonly bounds: DatabaseBounds },
): Promise<{ schema: string }> {
  await session.connect();
  await applySessionSettings(session, { bounds, schema: schema ?? null });
  const { rows } = await session.query<{
    schema: string | null;
    version: number;
    encoding: string;
    isReadOnly: boolean;
    isUnsafe: boolean;
  }>(`SELECT current_schema() AS schema, current_setting('server_version_num')::int / 10000 AS version,
    current_setting('server_encoding') AS encoding, current_setting('transaction_read_only')::boolean AS "isReadOnly",
    NOT current_setting('fsync')::boolean OR NOT current_setting('full_page_writes')::boolean AS "isUnsafe"`);
  const [found] = rows;
  if (found === undefined) throw new Error("no answer");
  if (found.version < OLDEST_VERSION) {
    throw new StartupError(`The database is PostgreSQL ${found.version}; Millrace needs ${OLDEST_VERSION} or newer.`);
  }
  if (found.encoding !== "UTF8") {
    throw new StartupError(
      `The database "${session.database}" is encoded in ${found.encoding}. Create one with: createdb --encoding=UTF8 --template=template0 …`,
    );
  }
  if (found.schema === null) {
    throw new StartupError(
      `No schema of the search_path of "${session.user}" exists in "${session.database}". Create one, such as public.`,
    );
  }
  if (found.isReadOnly) throw Object.assign(new Error("it takes no writes"), { code: "25006" });
  await refusePooling(session, openClient(url, bounds));
  if (found.isUnsafe) {
    onWarning(
      "fsync or full_page_writes is off in this PostgreSQL: a crash of its machine may lose acknowledged events",
    );
  }
  return { schema: found.schema };
}

/**
 * Refuses a pooler that hands out a server connection for each transaction. LISTEN, advisory locks and prepared
 * statements live in a session, so there they would be somebody else's, or fail now and then. Of two sessions of
 * PostgreSQL's own each has one process, and each another.
 */
async function refusePooling(first: BoundedClient, second: BoundedClient): Promise<void> {
  const ofFirst = new Set<number>();
  const ofSecond = new Set<number>();
  try {
    await second.connect();
    for (let round = 0; round < ROUNDS; round += 1) {
      // While the first is in a transaction, the second is given another process; afterwards, that of the first.
      await first.query("BEGIN");
      ofFirst.add(await processOf(first));
      ofSecond.add(await processOf(second));
      await first.query("COMMIT");
      ofSecond.add(await processOf(second));
      ofFirst.add(await processOf(first));
    }
  } catch (error) {
    // A pool of one connection: the second waits for the first to end its transaction.
    if (error instanceof SilentConnection) throw pooled();
    throw error;
  } finally {
    await second.end().catch(() => undefined);
  }
  const hasOwn = ofFirst.size === 1 && ofSecond.size === 1 && new Set([...ofFirst, ...ofSecond]).size === 2;
  if (!hasOwn) throw pooled();
}

async function processOf(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
  return rows[0]?.pid ?? 0;
}

function pooled(): StartupError {
  return new StartupError(
    "DATABASE_URL leads to a pooler that shares connections between transactions, such as PgBouncer with pool_mode = transaction. Millrace needs sessions of its own: let DATABASE_URL name PostgreSQL itself, or set pool_mode = session.",
  );
}

/** The fault that waiting does not mend; null for a database that may be on its way up. */
function refusalOf(error: unknown, { host, port, user, database }: BoundedClient): StartupError | null {
  if (error instanceof StartupError) return error;
  const { message, code } = error as { message: string; code?: unknown };
  const at = `${host}:${port}`;
  const say = (sentence: string) => new StartupError(sentence, { cause: error });
  if (code === "28P01" || code === "28000" || code === "42501") {
    return say(`The database at ${at} does not let "${user}" in (${message}). Look at the account in DATABASE_URL.`);
  }
  if (code === "3D000") return say(`There is no database "${database}" at ${at}. Create it, or correct DATABASE_URL.`);
  if (code === "08P01") return say(`What answers at ${at} refuses what Millrace asks of it: ${message}.`);
  if (isDatabaseAway(error)) return null;
  return say(`The database at ${at} cannot be used: ${message}.`);
}
