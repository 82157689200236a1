import { type BreakerTrip, probeDelayMs, tripText } from "../../domain/breaker.ts";
import { insertAuditEntry } from "../../store/access/insert-audit-entry.ts";
import { closeBreaker, openBreaker } from "../../store/consumers/breaker.ts";
import type { ConsumerSetup } from "../../store/consumers/setup-select.ts";
import { type Database, transaction } from "../../store/database.ts";
import type { StoredError } from "../../store/parked/settle-write.ts";

/** Stops deliveries because (nearly) all of them fail, and leaves an audit row. Does nothing when they are stopped. */
export async function tripBreaker(
  database: Database,
  { consumerId, consumer, breaker }: ConsumerSetup,
  { trip, error }: { readonly trip: BreakerTrip; readonly error: StoredError | null },
): Promise<void> {
  if (breaker === null) return;
  const told = error === null ? null : { name: error.name, message: error.message, fingerprint: error.fingerprint };
  await transaction(database.pool, async (db) => {
    if (!(await openBreaker(db, { consumerId, probeInMs: probeDelayMs(breaker, 0), error: told }))) return;
    await insertAuditEntry(db, {
      actor: "system",
      action: "consumer.breaker-opened",
      target: `consumer:${consumer}`,
      after: { error: told },
      reason: tripText(trip, breaker),
    });
  });
}

/** A delivery that was tried went well: the flow goes on. */
export async function recover(database: Database, { consumerId, consumer }: ConsumerSetup): Promise<void> {
  await transaction(database.pool, async (db) => {
    if (!(await closeBreaker(db, consumerId))) return;
    await insertAuditEntry(db, {
      actor: "system",
      action: "consumer.breaker-closed",
      target: `consumer:${consumer}`,
      reason: "a delivery that was tried went well",
      after: null,
    });
  });
}
