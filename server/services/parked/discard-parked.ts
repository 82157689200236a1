import { invalidField } from "../../domain/errors.ts";
import { reachable } from "../../engine/database-unavailable.ts";
import { countParked } from "../../store/parked/verbs.ts";
import { requireConsumer } from "../consumers/require-consumer.ts";
import { type OperationDeps, startOperation } from "../operations/start-operation.ts";
import type { Services } from "../services.ts";
import { resolveParkedFilter } from "./resolve-parked-filter.ts";

/** Takes parked events out for good, restorably; their sequences go on. */
export const discardParked =
  (deps: OperationDeps): Services["discardParked"] =>
  ({ consumer, filter, reason, actor }) =>
    reachable(
      (async () => {
        const { pool, patient } = deps.database;
        const setup = await requireConsumer(pool, consumer);
        if (filter.state === "discarded") throw invalidField("filter.state", "these are discarded already");
        const parked = resolveParkedFilter(setup, filter, "filter.");
        const total = await countParked(patient, { consumerId: setup.consumerId, filter: parked });
        const resolved = { parked };
        return startOperation(deps, { setup, kind: "discard", filter, resolved, options: {}, total, reason, actor });
      })(),
    );
