import type { PositionPlan } from "../../contract/position-changes.ts";
import type { Queryable, Tables } from "../database.ts";
import { jsonValue } from "../json-value.ts";

const MAX_PLANS = 50;

/** Keeps a plan and forgets those that ran out or are too many. */
export async function insertPlan(
  db: Tables,
  { consumerId, plan, actor }: { readonly consumerId: number; readonly plan: PositionPlan; readonly actor: string },
): Promise<void> {
  const { id, token, expiresAt } = plan;
  await db.positionPlan.createMany({ data: { consumerId, id, token, plan: jsonValue(plan), actor, expiresAt } });
  // A plan is kept a day past its time, so that applying it late is answered by a fresh one and not by "not found".
  await db.$executeRaw`
    DELETE FROM position_plan WHERE consumer_id = ${consumerId} AND (expires_at < now() - interval '1 day' OR id IN (
      SELECT id FROM position_plan WHERE consumer_id = ${consumerId} ORDER BY created_at DESC, id OFFSET ${MAX_PLANS}))`;
}

export async function selectPlan(
  db: Queryable,
  by: { readonly consumerId: number; readonly id: string },
): Promise<{ plan: PositionPlan; isExpired: boolean } | null> {
  const { rows } = await db.query<{ plan: PositionPlan; isExpired: boolean }>({
    name: "select_position_plan",
    text: `SELECT plan, expires_at < now() AS "isExpired" FROM position_plan WHERE consumer_id = $1 AND id = $2`,
    values: [by.consumerId, by.id],
  });
  return rows[0] ?? null;
}
