import { reachable } from "../../engine/database-unavailable.ts";
import type { Database } from "../../store/database.ts";
import { selectParkedFacets } from "../../store/parked/facets.ts";
import { countParked as count, countRedrivable } from "../../store/parked/verbs.ts";
import { requireConsumer } from "../consumers/require-consumer.ts";
import type { Services } from "../services.ts";
import { resolveParkedFilter } from "./resolve-parked-filter.ts";

/** Counts parked events by state, topic, type and key, and how many each verb would take up: the preview of a verb. */
export const countParked =
  ({ database }: { readonly database: Database }): Services["countParked"] =>
  ({ consumer, ...asked }) =>
    reachable(
      (async () => {
        const { pool, patient } = database;
        const setup = await requireConsumer(pool, consumer);
        const { consumerId } = setup;
        const filter = resolveParkedFilter(setup, asked);
        const facets = await selectParkedFacets(patient, { consumerId, filter });
        return {
          ...facets,
          redrivable: await countRedrivable(patient, { consumerId, filter }),
          // Not the sum of the states: what waits for a replay passes the filter, and a discard leaves it to that.
          discardable: filter.state === "discarded" ? 0 : await count(patient, { consumerId, filter }),
          restorable:
            filter.state === "discarded"
              ? facets.states.discarded
              : filter.state === null
                ? await count(patient, { consumerId, filter: { ...filter, state: "discarded" } })
                : 0,
        };
      })(),
    );
