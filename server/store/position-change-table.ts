import type { PlannedChange, PositionChange, PositionTarget } from "../contract/position-changes.ts";
import type { Queryable } from "./database.ts";

export interface NewPositionChange {
  readonly consumerId: number;
  /** The id of its plan: applying a plan twice finds the first change. */
  readonly id: string;
  readonly target: PositionTarget;
  readonly changes: readonly PlannedChange[];
  /** What an undo restores. */
  readonly restore: unknown;
  readonly actor: string;
  readonly reason: string;
}

interface Row {
  id: string;
  plan: { target: PositionTarget; changes: PlannedChange[] };
  actor: string;
  reason: string;
  applied_at: string;
}

const MAX_LISTED = 200;

export async function insertPositionChange(db: Queryable, change: NewPositionChange): Promise<PositionChange> {
  const { rows } = await db.query<Row>({
    name: "insert_position_change",
    text: `
      INSERT INTO position_change (consumer_id, id, plan, restore, actor, reason, applied_at)
      VALUES ($1, $2, $3::json, $4::json, $5, $6, clock_timestamp())
      RETURNING id, plan, actor, reason, applied_at`,
    values: [
      change.consumerId,
      change.id,
      JSON.stringify({ target: change.target, changes: change.changes }),
      JSON.stringify(change.restore),
      change.actor,
      change.reason,
    ],
  });
  const [row] = rows;
  if (row === undefined) throw new Error("an insert returned no row");
  return changeOf(row);
}

/** Newest first. */
export async function selectPositionChanges(db: Queryable, consumerId: number): Promise<PositionChange[]> {
  const { rows } = await db.query<Row>({
    name: "select_position_changes",
    text: `
      SELECT id, plan, actor, reason, applied_at FROM position_change
      WHERE consumer_id = $1 ORDER BY applied_at DESC, id DESC LIMIT $2`,
    values: [consumerId, MAX_LISTED],
  });
  return rows.map(changeOf);
}

export async function selectPositionChange(
  db: Queryable,
  by: { readonly consumerId: number; readonly id: string },
): Promise<PositionChange | null> {
  const { rows } = await db.query<Row>({
    name: "select_position_change",
    text: "SELECT id, plan, actor, reason, applied_at FROM position_change WHERE consumer_id = $1 AND id = $2",
    values: [by.consumerId, by.id],
  });
  return rows[0] === undefined ? null : changeOf(rows[0]);
}

function changeOf({ id, plan, actor, reason, applied_at }: Row): PositionChange {
  return { id, actor, reason, appliedAt: applied_at, target: plan.target, changes: plan.changes };
}
