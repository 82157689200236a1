/** Why a database cannot do its work at the moment. */
export type Absence = "unreachable" | "full" | "read-only" | "slow" | "conflict";

const SQL_STATE = /^[0-9A-Z]{5}$/;

// A connection that is gone shows by the socket's own codes …
const SOCKET_CODES = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "ECONNABORTED",
  "EPIPE",
  "ETIMEDOUT",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOENT",
  // … as Prisma's driver names them …
  "DatabaseNotReachable",
  "ConnectionClosed",
  "SocketTimeout",
]);

// … PostgreSQL's: connection exceptions, a want of resources, and sessions or statements that were ended …
const STATES: readonly (readonly [state: RegExp, absence: Absence])[] = [
  [/^53100$/, "full"], // disk_full
  [/^25006$/, "read-only"], // a standby, or a hoster's protection of a disk that runs full
  [/^(40001|40P01)$/, "conflict"], // serialization_failure, deadlock_detected
  [/^(57014|55P03|25P03|25P04)$/, "slow"], // the bounds of a statement, a lock, an idle and a whole transaction
  [/^53/, "slow"], // out of memory, of connections
  [/^(08|57P)/, "unreachable"], // connection exceptions; shutdown, crash, start-up
  [/^58030$/, "unreachable"], // io_error
  [/^(28000|28P01|3D000)$/, "unreachable"], // an account or a database that is not let in any more
];

// … and `pg`'s, which carry no code at all.
const MESSAGES = [
  "Connection terminated",
  "timeout expired",
  "timeout exceeded when trying to connect",
  "Client has encountered a connection error",
  "Client was closed and is not queryable",
  "Cannot use a pool after calling end",
  "Connection ended unexpectedly",
];

/**
 * Why the database cannot do its work at the moment, though nothing is wrong with what it was asked: whether it took
 * effect may be unknown, and a repeat may succeed. Null for what PostgreSQL refused because of what it was asked.
 */
export function absenceOf(error: unknown): Absence | null {
  if (!(error instanceof Error)) return null;
  const code = driverCodeOf(error) ?? (error as { code?: unknown }).code;
  if (typeof code === "string") {
    if (SOCKET_CODES.has(code)) return "unreachable";
    const found = SQL_STATE.test(code) ? STATES.find(([state]) => state.test(code)) : undefined;
    if (found !== undefined) return found[1];
  }
  // Whatever ends a session, or does not let it begin: a full disk, for one, keeps new ones out with an internal error.
  if (SESSION_ENDS.has(severityOf(error))) return "unreachable";
  if (MESSAGES.some((message) => error.message.includes(message))) return "unreachable";
  const within = error instanceof AggregateError ? error.errors : [error.cause];
  for (const cause of within) {
    const absence = absenceOf(cause);
    if (absence !== null) return absence;
  }
  return null;
}

/** The driver's own word, where Prisma has put a code of its own before it: the SQLSTATE, or a kind that has none. */
function driverCodeOf(error: Error): string | undefined {
  const { meta } = error as { meta?: { driverAdapterError?: { cause?: { originalCode?: string; kind?: string } } } };
  const driver = meta?.driverAdapterError?.cause;
  return driver?.originalCode ?? driver?.kind;
}

const SESSION_ENDS = new Set(["FATAL", "PANIC"]);
/** A prepared statement that has outlived what it was prepared for: a session that has none is needed. */
const STALE_STATEMENT = new Set(["0A000", "26000"]);

function severityOf(error: unknown): string {
  return String((error as { severity?: unknown }).severity);
}

/** True when PostgreSQL refused a statement, and the session is as good as before. */
export function leavesSession(error: unknown): boolean {
  return severityOf(error) === "ERROR" && !STALE_STATEMENT.has(String((error as { code?: unknown }).code));
}

/** True when the database cannot do its work at the moment, whatever the reason. */
export function isDatabaseAway(error: unknown): boolean {
  return absenceOf(error) !== null;
}

/** True when a unique constraint refused a row. */
export function isUniqueViolation(error: unknown): boolean {
  return error instanceof Error && (error as { code?: unknown }).code === "23505";
}

/** True when PostgreSQL could not store a value as it is: a data exception (class 22) or a limit passed (class 54). */
export function isRefusedValue(error: unknown): boolean {
  return error instanceof Error && /^(22|54)[0-9A-Z]{3}$/.test(String((error as { code?: unknown }).code));
}
