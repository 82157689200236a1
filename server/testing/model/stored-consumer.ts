import { isSettledBefore } from "../../domain/layout.ts";
import { partitionOf } from "../../domain/partition-of.ts";
import { selectCursors } from "../../store/consumers/cursor-table.ts";
import { type Database, transaction } from "../../store/database.ts";
import { priorLayoutOf, selectPriorLayouts } from "../../store/positions/layouts.ts";
import type { ModelEvent } from "./consumer-model.ts";

export interface StoredRow {
  readonly offset: number;
  readonly key: string | null;
  readonly state: "retrying" | "dead" | "blocked" | "discarded";
  readonly attempt: number;
  readonly attemptsMax: number;
  readonly isDue: boolean;
  readonly errorName: string | null;
  /** It is delivered alone, whatever was moved since it was lost. */
  readonly isAlone: boolean;
}

/** A consumer of one topic as the database has it, in one snapshot. */
export interface StoredConsumer {
  readonly layout: number;
  /** The lowest of its partitions. */
  readonly position: number;
  readonly epochs: readonly number[];
  readonly parked: ReadonlyMap<number, StoredRow>;
  /** Deliveries of an event that ended with the connection, one after the other, since the position was moved. */
  readonly lost: ReadonlyMap<number, number>;
  readonly state: ReadonlyMap<string, { readonly value: unknown; readonly version: number }>;
  /** Whether the position, what is settled above it, or an earlier layout, goes past an event. */
  isCovered(event: ModelEvent): boolean;
}

export async function readStoredConsumer(database: Database, consumer: string): Promise<StoredConsumer> {
  return transaction(database.pool, async (db) => {
    await db.query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ");
    const rowsOf = async <Row extends object>(text: string): Promise<Row[]> =>
      (await db.query<Row>(text, [consumer])).rows;
    const [setup] = await rowsOf<{ id: number; layout: number; partitions: number }>(
      "SELECT id, layout, partitions FROM consumer WHERE name = $1",
    );
    if (setup === undefined) throw new Error(`there is no consumer ${consumer}`);
    const cursors = await selectCursors(db, setup.id);
    const layouts = await selectPriorLayouts(db, setup.id, [...new Set(cursors.map((it) => it.topicId))]);
    const where = "consumer_id = (SELECT id FROM consumer WHERE name = $1)";
    const leases = await rowsOf<{ epoch: number }>(`SELECT epoch FROM lease WHERE ${where} ORDER BY partition`);
    const parked = await rowsOf<StoredRow>(
      `SELECT "offset", key, state, attempt, attempts_max AS "attemptsMax", coalesce(due_at <= clock_timestamp(), false) AS "isDue",
         error_name AS "errorName", lost_alone IS NOT NULL AS "isAlone"
       FROM parked_event WHERE ${where} ORDER BY "offset"`,
    );
    const attempts = await rowsOf<{ offset: number; isLost: boolean }>(
      `SELECT "offset", coalesce(error_name = 'ConnectionLost' AND outcome = 'interrupted', false) AS "isLost"
       FROM delivery_attempt WHERE ${where}
         AND at > (SELECT coalesce(max(applied_at), '-infinity') FROM position_change WHERE ${where})
       ORDER BY "offset", attempt`,
    );
    const lost = new Map<number, number>();
    for (const it of attempts) lost.set(it.offset, it.isLost ? (lost.get(it.offset) ?? 0) + 1 : 0);
    const state = await rowsOf<{ key: string; value: string; version: number }>(
      `SELECT key, value::text, version FROM state_entry WHERE ${where} ORDER BY key`,
    );
    const prior = layouts.map(priorLayoutOf);
    const byPartition = new Map(cursors.map((it) => [it.partition, it]));
    return {
      layout: setup.layout,
      position: Math.min(...cursors.map((it) => it.position)),
      epochs: leases.map((it) => it.epoch),
      lost,
      parked: new Map(parked.map((it) => [it.offset, it])),
      state: new Map(state.map(({ key, value, version }) => [key, { value: JSON.parse(value), version }])),
      isCovered(event) {
        const cursor = byPartition.get(partitionOf(event, setup.partitions));
        if (cursor === undefined) return false;
        return event.offset <= cursor.position || cursor.settled.has(event.offset) || isSettledBefore(prior, event);
      },
    };
  });
}
