// What a connection that is gone looks like: the socket's own codes …
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
]);

// … PostgreSQL's: connection exceptions (class 08), too many connections, shutdown, crash, start-up, and a standby that
// cannot write yet …
const SQL_STATES = new Set(["53300", "57P01", "57P02", "57P03", "57P05", "25006"]);

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
 * True when the error says that the database could not be reached or went away in the middle, so that the outcome of
 * the statement is unknown and a repeat may succeed. False for everything PostgreSQL refused while alive.
 */
export function isDatabaseAway(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = (error as { code?: unknown }).code;
  if (typeof code === "string") {
    if (SOCKET_CODES.has(code) || SQL_STATES.has(code) || /^08[0-9A-Z]{3}$/.test(code)) return true;
  }
  if (error instanceof AggregateError) return error.errors.some(isDatabaseAway);
  if (MESSAGES.some((message) => error.message.includes(message))) return true;
  return error.cause !== undefined && isDatabaseAway(error.cause);
}

/** True when a unique constraint refused a row. */
export function isUniqueViolation(error: unknown): boolean {
  return error instanceof Error && (error as { code?: unknown }).code === "23505";
}

/** True when PostgreSQL could not store a value as it is: a data exception (class 22) or a limit passed (class 54). */
export function isRefusedValue(error: unknown): boolean {
  return error instanceof Error && /^(22|54)[0-9A-Z]{3}$/.test(String((error as { code?: unknown }).code));
}
