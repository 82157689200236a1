import { invalidField } from "../../domain/errors.ts";
import { reachable } from "../../engine/database-unavailable.ts";
import { countParked } from "../../store/parked/verbs.ts";
import { requireConsumer } from "../consumers/require-consumer.ts";
import { type OperationDeps, startOperation } from "../operations/start-operation.ts";
import type { Services } from "../services.ts";
import { resolveParkedFilter } from "./resolve-parked-filter.ts";

/** Brings discarded events back to their place in their sequences. */
export const restoreDiscarded =
  (deps: OperationDeps): Services["restoreParked"] =>
  ({ consumer, filter, reason, actor }) =>
    reachable(
      (async () => {
        const { pool, patient } = deps.database;
        const setup = await requireConsumer(pool, consumer);
        if (filter.state !== undefined && filter.state !== "discarded") {
          throw invalidField("filter.state", 'only "discarded" events can be restored');
        }
        const parked = { ...resolveParkedFilter(setup, filter, "filter."), state: "discarded" as const };
        const total = await countParked(patient, { consumerId: setup.consumerId, filter: parked });
        const resolved = { parked };
        return startOperation(deps, { setup, kind: "restore", filter, resolved, options: {}, total, reason, actor });
      })(),
    );
