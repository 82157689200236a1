import { DomainError } from "../domain/errors.ts";
import { isDatabaseAway } from "../store/database-errors.ts";

export function databaseUnavailable(cause?: unknown): DomainError {
  const message = "the database cannot be reached at the moment";
  return new DomainError("database-unavailable", message, { retryAfterSeconds: 2, cause });
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
