import { invalidField } from "../../domain/errors.ts";
import { reachable } from "../../engine/database-unavailable.ts";
import { countRedrivable } from "../../store/parked/verbs.ts";
import { requireConsumer } from "../consumers/require-consumer.ts";
import { type OperationDeps, startOperation } from "../operations/start-operation.ts";
import type { Services } from "../services.ts";
import { resolveParkedFilter } from "./resolve-parked-filter.ts";

/** Delivers dead letters again, in the order of their sequences, as an operation. */
export const redriveParked =
  (deps: OperationDeps): Services["redriveParked"] =>
  ({ consumer, filter, canary, rate, stopAfterFailures, reason, actor }) =>
    reachable(
      (async () => {
        const { pool, patient } = deps.database;
        const setup = await requireConsumer(pool, consumer);
        if (filter.state === "discarded") {
          throw invalidField("filter.state", "discarded events are restored first, and redriven then");
        }
        const parked = resolveParkedFilter(setup, filter, "filter.");
        const total = await countRedrivable(patient, { consumerId: setup.consumerId, filter: parked });
        return startOperation(deps, {
          setup,
          kind: "redrive",
          filter,
          resolved: { parked },
          options: {
            ...(canary !== undefined && { canary }),
            ...(rate !== undefined && { rate }),
            ...(stopAfterFailures !== undefined && { stopAfterFailures }),
          },
          total,
          reason,
          actor,
        });
      })(),
    );
