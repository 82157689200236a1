import type { Queryable } from "../database.ts";

export interface NewPause {
  readonly kind: "operator" | "halted";
  readonly reason: string;
  readonly by: string;
  /** RFC 3339; null = until somebody resumes. */
  readonly until: string | null;
}

export interface StoredPause extends NewPause {
  readonly since: string;
}

/** The pause in force, if any; one whose time has passed is none. */
export async function selectPause(db: Queryable, consumerId: number): Promise<StoredPause | null> {
  const { rows } = await db.query<StoredPause>({
    name: "select_pause",
    text: `
      SELECT pause_kind AS kind, pause_reason AS reason, paused_by AS by, paused_until AS until, paused_at AS since
      FROM consumer
      WHERE id = $1 AND pause_kind IS NOT NULL AND (paused_until IS NULL OR paused_until > now())`,
    values: [consumerId],
  });
  return rows[0] ?? null;
}

/** Members notice by `updated_at`. */
export async function updatePause(db: Queryable, consumerId: number, pause: NewPause | null): Promise<void> {
  await db.query({
    name: "update_pause",
    text: `
      UPDATE consumer SET pause_kind = $2, pause_reason = $3, paused_by = $4, paused_until = $5,
        paused_at = CASE WHEN $2::text IS NOT NULL THEN now() END,
        updated_at = greatest(clock_timestamp(), updated_at + interval '1 ms')
      WHERE id = $1`,
    values: [consumerId, pause?.kind ?? null, pause?.reason ?? null, pause?.by ?? null, pause?.until ?? null],
  });
}
