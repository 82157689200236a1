import type pg from "pg";
import type { DatabaseBounds } from "../bounded-client.ts";

/**
 * Gives a session what the code counts on, whatever the server, the database or the role have as their defaults. Sent as
 * one statement after connecting, since poolers refuse most settings in the start-up packet. A setting that this version
 * of PostgreSQL does not have is passed over.
 *
 * `default_transaction_read_only` is not among them: hosters set it when a disk runs full, and who overrides it fills
 * the rest. Writes are then refused with 25006, which is answered as an absence.
 */
export async function applySessionSettings(
  client: pg.ClientBase,
  { bounds, schema }: { readonly bounds: DatabaseBounds; readonly schema: string | null },
): Promise<void> {
  const settings = {
    ...settingsOf(bounds),
    ...(schema === null ? {} : { search_path: `"${schema.replaceAll('"', '""')}"` }),
  };
  await client.query(
    `SELECT set_config(s.name, CASE WHEN wanted.value <> '${AT_LEAST_ON}' THEN wanted.value
       WHEN s.setting = 'off' THEN 'on' ELSE s.setting END, false)
     FROM unnest($1::text[], $2::text[]) AS wanted (name, value) JOIN pg_settings s ON lower(s.name) = wanted.name`,
    [Object.keys(settings), Object.values(settings)],
  );
}

/** `on` where it is `off`, and as it is where it asks for more. */
const AT_LEAST_ON = "at least on";

function settingsOf(bounds: DatabaseBounds): Readonly<Record<string, string>> {
  return {
    // Off, PostgreSQL says that a commit is done before it is: acknowledged events would be lost in a crash.
    synchronous_commit: AT_LEAST_ON,
    // Times are read as ISO text in UTC, numbers need all their digits, bytes come as hex.
    datestyle: "ISO, MDY",
    intervalstyle: "postgres",
    timezone: "UTC",
    extra_float_digits: "1",
    bytea_output: "hex",
    // NULL in an array is a null, and a backslash in a literal is a backslash.
    array_nulls: "on",
    standard_conforming_strings: "on",
    // A stricter one refuses what waited for a lock with 40001, and every append waits for the head of its topic.
    default_transaction_isolation: "read committed",
    default_transaction_deferrable: "off",
    statement_timeout: String(bounds.statementMs),
    lock_timeout: String(bounds.lockMs),
    idle_in_transaction_session_timeout: String(bounds.idleInTransactionMs),
    // Of a transaction as a whole each statement has its bound; and a session that listens is idle by design.
    transaction_timeout: "0",
    idle_session_timeout: "0",
  };
}
