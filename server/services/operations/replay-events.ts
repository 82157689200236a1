import { reachable } from "../../engine/database-unavailable.ts";
import { requireConsumer } from "../consumers/require-consumer.ts";
import type { Services } from "../services.ts";
import { resolveReplay } from "./resolve-replay.ts";
import { type OperationDeps, startOperation } from "./start-operation.ts";

/** Delivers a range of what is settled again, and leaves the position alone. */
export const replayEvents =
  (deps: OperationDeps): Services["replayEvents"] =>
  ({ consumer, reason, actor, rate, ...asked }) =>
    reachable(
      (async () => {
        const { pool, patient } = deps.database;
        const setup = await requireConsumer(pool, consumer);
        const { replay, total } = await resolveReplay(patient, setup, asked);
        return startOperation(deps, {
          setup,
          kind: "replay",
          filter: asked,
          resolved: { replay },
          options: rate === undefined ? {} : { rate },
          total,
          reason,
          actor,
        });
      })(),
    );
