import type { PlannedChange, PositionChange } from "../../contract/position-changes.ts";
import type { RestorePoint } from "../../domain/restore-point.ts";
import type { Queryable, Tables } from "../database.ts";
import { plainRow } from "../plain-row.ts";

/** The request, as it is kept. */
interface Planned extends Pick<PositionChange, "target" | "parked" | "state"> {
  readonly changes: readonly PlannedChange[];
}

export interface NewPositionChange extends Planned {
  readonly consumerId: number;
  /** The id of its plan: applying a plan twice finds the first change. An undo has an id of its own. */
  readonly id: string;
  readonly restore: RestorePoint;
  /** The change that it undoes. */
  readonly undoOf: string | null;
  readonly actor: string;
  readonly reason: string;
}

interface Row extends Omit<PositionChange, keyof Planned> {
  readonly plan: Pick<Planned, "target" | "changes"> & Partial<Planned>;
}

const COLUMNS = `id, plan, actor, reason, applied_at AS "appliedAt", undo_of AS "undoOf", undone_by AS "undoneBy"`;
const MAX_LISTED = 200;

/** The consumer must be locked. `applied_at` always rises, so the newest is known even within one millisecond. */
export async function insertPositionChange(db: Queryable, change: NewPositionChange): Promise<PositionChange> {
  const { target, changes, parked, state } = change;
  const { rows } = await db.query<Row>({
    name: "insert_position_change",
    text: `
      INSERT INTO position_change (consumer_id, id, plan, restore, undo_of, actor, reason, applied_at)
      SELECT $1, $2, $3::json, $4::json, $5, $6, $7, greatest(clock_timestamp(), max(applied_at) + interval '1 ms')
      FROM position_change WHERE consumer_id = $1
      RETURNING ${COLUMNS}`,
    values: [
      change.consumerId,
      change.id,
      JSON.stringify({ target, changes, parked, state }),
      JSON.stringify(change.restore),
      change.undoOf,
      change.actor,
      change.reason,
    ],
  });
  const [row] = rows;
  if (row === undefined) throw new Error("an insert returned no row");
  return changeOf(row);
}

export async function markUndone(
  db: Queryable,
  { consumerId, id, undoneBy }: { readonly consumerId: number; readonly id: string; readonly undoneBy: string },
): Promise<void> {
  await db.query({
    name: "mark_position_change_undone",
    text: "UPDATE position_change SET undone_by = $3 WHERE consumer_id = $1 AND id = $2",
    values: [consumerId, id, undoneBy],
  });
}

/** Newest first. */
export async function selectPositionChanges(db: Tables, consumerId: number): Promise<PositionChange[]> {
  const rows = await db.positionChange.findMany({
    where: { consumerId },
    omit: { consumerId: true, restore: true },
    orderBy: [{ appliedAt: "desc" }, { id: "desc" }],
    take: MAX_LISTED,
  });
  return rows.map((row) => changeOf({ ...plainRow(row), plan: row.plan as unknown as Row["plan"] }));
}

export async function selectPositionChange(
  db: Queryable,
  by: { readonly consumerId: number; readonly id: string },
): Promise<{ change: PositionChange; restore: RestorePoint } | null> {
  const { rows } = await db.query<Row & { restore: RestorePoint }>({
    name: "select_position_change",
    text: `SELECT ${COLUMNS}, restore FROM position_change WHERE consumer_id = $1 AND id = $2`,
    values: [by.consumerId, by.id],
  });
  if (rows[0] === undefined) return null;
  const { restore, ...row } = rows[0];
  // Those from before a change kept what it left behind have no more than the cursors.
  return { change: changeOf(row), restore: { ...{ after: [], parked: "none", state: false }, ...restore } };
}

function changeOf({ plan, ...row }: Row): PositionChange {
  return {
    ...row,
    target: plan.target,
    // Changes from before there were these had neither.
    changes: plan.changes.map((it) => ({ ...it, firstEvent: it.firstEvent ?? null, lastEvent: it.lastEvent ?? null })),
    parked: plan.parked ?? "keep",
    state: plan.state ?? "keep",
  };
}
