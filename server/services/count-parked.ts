import { reachable } from "../engine/database-unavailable.ts";
import type { Database } from "../store/database.ts";
import { selectParkedFacets } from "../store/parked-facets.ts";
import { countParked as count, countRedrivable } from "../store/parked-verbs.ts";
import { requireConsumer } from "./require-consumer.ts";
import { resolveParkedFilter } from "./resolve-parked-filter.ts";
import type { Services } from "./services.ts";

/** What is parked by state, topic, type and key, and how much each verb would take up: the preview of a verb. */
export const countParked =
  ({ database }: { readonly database: Database }): Services["countParked"] =>
  ({ consumer, ...asked }) =>
    reachable(
      (async () => {
        const { pool } = database;
        const setup = await requireConsumer(pool, consumer);
        const { consumerId } = setup;
        const filter = resolveParkedFilter(setup, asked);
        const facets = await selectParkedFacets(pool, { consumerId, filter });
        return {
          ...facets,
          redrivable: await countRedrivable(pool, { consumerId, filter }),
          // Not the sum of the states: what waits for a replay passes the filter, and a discard leaves it to that.
          discardable: filter.state === "discarded" ? 0 : await count(pool, { consumerId, filter }),
          restorable:
            filter.state === "discarded"
              ? facets.states.discarded
              : filter.state === null
                ? await count(pool, { consumerId, filter: { ...filter, state: "discarded" } })
                : 0,
        };
      })(),
    );
