import type { PositionPlan } from "../contract/position-changes.ts";
import type { Queryable } from "./database.ts";

const MAX_PLANS = 50;

/** Keeps a plan and forgets those that ran out or are too many. */
export async function insertPlan(
  db: Queryable,
  { consumerId, plan, actor }: { readonly consumerId: number; readonly plan: PositionPlan; readonly actor: string },
): Promise<void> {
  await db.query({
    name: "insert_position_plan",
    text: `
      INSERT INTO position_plan (consumer_id, id, token, plan, actor, expires_at)
      VALUES ($1, $2, $3, $4::json, $5, $6)`,
    values: [consumerId, plan.id, plan.token, JSON.stringify(plan), actor, plan.expiresAt],
  });
  await db.query({
    name: "prune_position_plans",
    // A plan is kept a day past its time, so that applying it late is answered by a fresh one and not by "not found".
    text: `
      DELETE FROM position_plan WHERE consumer_id = $1 AND (expires_at < now() - interval '1 day' OR id IN (
        SELECT id FROM position_plan WHERE consumer_id = $1 ORDER BY created_at DESC, id OFFSET $2))`,
    values: [consumerId, MAX_PLANS],
  });
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
