import { reachable } from "../../engine/database-unavailable.ts";
import type { Database } from "../../store/database.ts";
import { selectParkedGroups } from "../../store/parked/groups.ts";
import { requireConsumer } from "../consumers/require-consumer.ts";
import type { Services } from "../services.ts";

/** Failures by kind: of one consumer, or of all. */
export const listParkedGroups =
  ({ database }: { readonly database: Database }): Services["listParkedGroups"] =>
  ({ consumer }) =>
    reachable(
      (async () => {
        if (consumer !== undefined) await requireConsumer(database.pool, consumer);
        return selectParkedGroups(database.patient, consumer ?? null);
      })(),
    );
