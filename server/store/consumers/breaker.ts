import type { Queryable } from "../database.ts";

export interface BreakerError {
  readonly name: string;
  readonly message: string;
  readonly fingerprint: string;
}

const TOUCH = "updated_at = greatest(clock_timestamp(), updated_at + interval '1 ms')";
const IN_MS = "clock_timestamp() + $2::float8 * interval '1 ms'";

/**
 * Opens the breaker of a consumer that has one. False when it is open already: of two instances that find the same, one
 * counts. Members notice by `updated_at`, as with the other two.
 */
export async function openBreaker(
  db: Queryable,
  { consumerId, probeInMs, error }: { consumerId: number; probeInMs: number; error: BreakerError | null },
): Promise<boolean> {
  const { rowCount } = await db.query({
    name: "open_breaker",
    text: `
      UPDATE consumer SET breaker_opened_at = clock_timestamp(), breaker_probe_at = ${IN_MS}, breaker_probes = 0,
        breaker_error = $3::json, ${TOUCH}
      WHERE id = $1 AND breaker IS NOT NULL AND breaker_opened_at IS NULL`,
    values: [consumerId, probeInMs, error === null ? null : JSON.stringify(error)],
  });
  return rowCount === 1;
}

/**
 * Takes the one delivery that may be tried now, and says when the next may be should it never be heard of. False when the
 * breaker is closed, it is not yet time, or another instance has taken it.
 */
export async function takeProbe(
  db: Queryable,
  { consumerId, nextInMs }: { consumerId: number; nextInMs: number },
): Promise<boolean> {
  const { rowCount } = await db.query({
    name: "take_breaker_probe",
    text: `
      UPDATE consumer SET breaker_probe_at = ${IN_MS}, breaker_probes = breaker_probes + 1, ${TOUCH}
      WHERE id = $1 AND breaker_opened_at IS NOT NULL AND breaker_probe_at <= clock_timestamp()`,
    values: [consumerId, nextInMs],
  });
  return rowCount === 1;
}

/** Closes the breaker: a delivery was settled. False when it is closed already. */
export async function closeBreaker(db: Queryable, consumerId: number): Promise<boolean> {
  const { rowCount } = await db.query({
    name: "close_breaker",
    text: `
      UPDATE consumer SET breaker_opened_at = NULL, breaker_probe_at = NULL, breaker_probes = 0, breaker_error = NULL,
        ${TOUCH}
      WHERE id = $1 AND breaker_opened_at IS NOT NULL`,
    values: [consumerId],
  });
  return rowCount === 1;
}
