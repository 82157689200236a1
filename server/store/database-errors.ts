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

/** Prisma's word for a transaction that could not begin, or was not done, in its time. */
const TRANSACTION_TIMED_OUT = "P2028";

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
  const code = codeOf(error);
  if (code !== undefined) {
    if (SOCKET_CODES.has(code)) return "unreachable";
    if (code === TRANSACTION_TIMED_OUT) return "slow";
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

interface DriverError {
  readonly originalCode?: string;
  readonly kind?: string;
  readonly severity?: string;
}

/** What the driver said, where Prisma has put words of its own before it. */
function driverErrorOf(error: unknown): DriverError | undefined {
  return (error as { meta?: { driverAdapterError?: { cause?: DriverError } } }).meta?.driverAdapterError?.cause;
}

/** The SQLSTATE, or the kind of an error that has none. */
function codeOf(error: Error): string | undefined {
  const driver = driverErrorOf(error);
  const code: unknown = driver?.originalCode ?? driver?.kind ?? (error as { code?: unknown }).code;
  return typeof code === "string" ? code : undefined;
}

const SESSION_ENDS = new Set(["FATAL", "PANIC"]);
/** A prepared statement that has outlived what it was prepared for: a session that has none is needed. */
const STALE_STATEMENT = new Set(["0A000", "26000"]);

function severityOf(error: unknown): string {
  return String(driverErrorOf(error)?.severity ?? (error as { severity?: unknown }).severity);
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
  return error instanceof Error && codeOf(error) === "23505";
}

/** True when PostgreSQL could not store a value as it is: a data exception (class 22) or a limit passed (class 54). */
export function isRefusedValue(error: unknown): boolean {
  return error instanceof Error && /^(22|54)[0-9A-Z]{3}$/.test(codeOf(error) ?? "");
}
