import type { BinEntry, Holdings } from "../../contract/bin.ts";
import type { Queryable } from "../database.ts";

/** A removed topic or consumer, as far as restoring and purging go. */
export interface StoredBinEntry {
  readonly id: string;
  readonly kind: BinEntry["kind"];
  readonly targetId: number;
  readonly name: string;
  readonly isPurging: boolean;
  /** Rows that were purged so far. */
  readonly purged: number;
}

const STORED = `id, kind, target_id AS "targetId", name, purging_at IS NOT NULL AS "isPurging", purged`;

/** The setting that says for how many days what is removed can be restored. */
export const BIN_DAYS = "bin-days";
export const DEFAULT_BIN_DAYS = 7;
const DAYS = `coalesce((SELECT value::text::int FROM setting WHERE name = '${BIN_DAYS}'), ${DEFAULT_BIN_DAYS})`;

export async function selectBinDays(db: Queryable): Promise<number> {
  const { rows } = await db.query<{ days: number }>({ name: "select_bin_days", text: `SELECT ${DAYS} AS days` });
  return rows[0]?.days ?? DEFAULT_BIN_DAYS;
}

export async function insertBinEntry(
  db: Queryable,
  entry: {
    readonly id: string;
    readonly kind: BinEntry["kind"];
    readonly targetId: number;
    readonly name: string;
    readonly removedBy: string;
    readonly reason: string;
    readonly holds: Holdings;
    /** The row of `topic_head`, as text; null of a consumer. */
    readonly head: string | null;
  },
): Promise<void> {
  await db.query({
    name: "insert_bin_entry",
    text: `
      INSERT INTO bin_entry (id, kind, target_id, name, removed_by, reason, holds, head)
      VALUES ($1, $2, $3, $4, $5, $6, $7::json, $8::json)`,
    values: [
      entry.id,
      entry.kind,
      entry.targetId,
      entry.name,
      entry.removedBy,
      entry.reason,
      JSON.stringify(entry.holds),
      entry.head,
    ],
  });
}

/** What is in the bin, removed last first: all of it, one entry, or what had a name. */
export async function selectBin(
  db: Queryable,
  which: { readonly id?: string; readonly name?: string } = {},
): Promise<BinEntry[]> {
  const { rows } = await db.query<BinEntry>({
    name: "select_bin",
    text: `
      SELECT id, kind, name, removed_at AS "removedAt", removed_by AS "removedBy", reason, holds,
        removed_at + ${DAYS} * interval '1 day' AS "purgeAt",
        purging_at IS NOT NULL OR removed_at + ${DAYS} * interval '1 day' <= now() AS "isPurging", purged
      FROM bin_entry WHERE ($1::uuid IS NULL OR id = $1) AND ($2::text IS NULL OR name = $2)
      ORDER BY removed_at DESC, id`,
    values: [which.id ?? null, which.name ?? null],
  });
  return rows;
}

/** One entry, locked against being restored and purged at once; null when there is none. */
export async function lockBinEntry(db: Queryable, id: string): Promise<StoredBinEntry | null> {
  const { rows } = await db.query<StoredBinEntry>({
    name: "lock_bin_entry",
    text: `
      SELECT ${STORED}
      FROM bin_entry WHERE id = $1 FOR UPDATE`,
    values: [id],
  });
  return rows[0] ?? null;
}

/** The oldest entry whose days are over, for this transaction alone; null when there is none, or others have them all. */
export async function claimForPurge(db: Queryable): Promise<StoredBinEntry | null> {
  const { rows } = await db.query<StoredBinEntry>({
    name: "claim_for_purge",
    text: `
      SELECT ${STORED}
      FROM bin_entry WHERE purging_at IS NOT NULL OR removed_at + ${DAYS} * interval '1 day' <= now()
      ORDER BY removed_at LIMIT 1 FOR UPDATE SKIP LOCKED`,
  });
  return rows[0] ?? null;
}

/** Some of it is gone: from now on it cannot be restored, whatever the setting says. */
export async function notePurged(db: Queryable, of: { readonly id: string; readonly deleted: number }): Promise<void> {
  await db.query({
    name: "note_purged",
    text: `
      UPDATE bin_entry b SET purging_at = coalesce(b.purging_at, at.now), purged = b.purged + $2
      FROM (SELECT now() AS now) at WHERE b.id = $1`,
    values: [of.id, of.deleted],
  });
}

export async function deleteBinEntry(db: Queryable, id: string): Promise<void> {
  await db.query({ name: "delete_bin_entry", text: "DELETE FROM bin_entry WHERE id = $1", values: [id] });
}
