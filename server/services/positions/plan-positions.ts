import type { Database } from "../../store/database.ts";
import { insertPlan } from "../../store/positions/plan-table.ts";
import { requireConsumer } from "../consumers/require-consumer.ts";
import type { Services } from "../services.ts";
import { computePositionPlan } from "./compute-position-plan.ts";

/** Previews a position change; nothing moves. The plan can be applied for 15 minutes. */
export const planPositions =
  ({ database }: { readonly database: Database }): Services["planPositions"] =>
  async ({ consumer, actor, ...request }) => {
    const setup = await requireConsumer(database.pool, consumer);
    const plan = await computePositionPlan(database.patient, setup, request);
    await insertPlan(database.prisma, { consumerId: setup.consumerId, plan, actor: actor.name });
    return plan;
  };
