import { reachable } from "../../engine/database-unavailable.ts";
import type { Database } from "../../store/database.ts";
import { requireConsumer } from "../consumers/require-consumer.ts";
import type { Services } from "../services.ts";
import { resolveReplay } from "./resolve-replay.ts";

/** The preview of a replay: how many events it would deliver again, and from where to where. */
export const countReplay =
  ({ database }: { readonly database: Database }): Services["countReplay"] =>
  ({ consumer, ...asked }) =>
    reachable(
      (async () => {
        const setup = await requireConsumer(database.pool, consumer);
        const { replay, total } = await resolveReplay(database.patient, setup, asked);
        return { total, fromOffset: replay.after + 1, toOffset: replay.through };
      })(),
    );
