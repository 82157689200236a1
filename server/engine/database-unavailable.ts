import { DomainError } from "../domain/errors.ts";
import { type Absence, absenceOf, isDatabaseAway } from "../store/database-errors.ts";

const SENTENCES: Readonly<Record<Absence, string>> = {
  unreachable: "The database cannot be reached at the moment.",
  full: "The database's disk is full.",
  "read-only": "The database takes no writes at the moment.",
  slow: "The database takes too long, or has no resources to spare.",
  conflict: "Others were writing the same at the same time.",
};
const RETRY_AFTER_S = 2;

export function databaseUnavailable(cause?: unknown): DomainError {
  const message = SENTENCES[absenceOf(cause) ?? "unreachable"];
  return new DomainError("database-unavailable", message, { retryAfterSeconds: RETRY_AFTER_S, cause });
}

/** The refusal to answer with when the database went away; every other error as it is. */
export function asRefusal(error: unknown): unknown {
  return isDatabaseAway(error) ? databaseUnavailable(error) : error;
}

/** Waits for work whose failure, when the database went away, is a refusal. */
export async function reachable<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw asRefusal(error);
  }
}
