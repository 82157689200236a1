import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type TestDatabase, testDatabase } from "./test-database.ts";

// The shape that distributes over Citus (server/README.md, Rooms). A new table has to be entered here, and in citus.sql.
const FAMILIES: Readonly<Record<string, readonly string[]>> = {
  topic_id: ["event", "purged_key", "topic_head", "topic_sample"],
  consumer_id: [
    "cleared_event",
    "consumer_sample",
    "cursor",
    "delivery_attempt",
    "dropped_topic",
    "expired_event",
    "handled_before",
    "lease",
    "member",
    "operation",
    "parked_event",
    "position_change",
    "position_change_restore",
    "position_plan",
    "prior_layout",
    "settlement_answer",
    "settlement_request",
    "shelved_event",
    "state_entry",
    "subscription",
  ],
};
const REFERENCE = [
  "alert",
  "alert_rule",
  "api_key",
  "audit_entry",
  "bin_entry",
  "consumer",
  "person",
  "person_account",
  "person_session",
  "person_verification",
  "role",
  "setting",
  "topic",
];
/** Of no family, and in no statement with another table: on Citus it stays on the coordinator. */
const LOCAL = ["write_probe"];
const familyOf = (table: string) => Object.keys(FAMILIES).find((column) => FAMILIES[column]?.includes(table)) ?? null;

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase();
});
afterAll(() => db.drop());

async function rows<T extends object>(sql: string): Promise<T[]> {
  return (await db.database.pool.query<T>(sql)).rows;
}

describe("tables", () => {
  it("are each of the topic family, of the consumer family, for reference, or local", async () => {
    const tables = await rows<{ name: string }>(
      `SELECT relname AS name FROM pg_class
       WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND relname <> '_prisma_migrations'`,
    );
    const known = [...Object.values(FAMILIES).flat(), ...REFERENCE, ...LOCAL];
    expect(tables.map((it) => it.name).sort()).toEqual(known.sort());
  });

  it("of a family have its first column in every unique key", async () => {
    const keys = await rows<{ table: string; index: string; columns: string[] }>(
      `SELECT t.relname AS table, i.relname AS index,
              array(SELECT a.attname::text FROM unnest(x.indkey) WITH ORDINALITY AS k (attnum, place)
                    JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.attnum ORDER BY k.place) AS columns
       FROM pg_index x JOIN pg_class t ON t.oid = x.indrelid JOIN pg_class i ON i.oid = x.indexrelid
       WHERE t.relnamespace = 'public'::regnamespace AND (x.indisunique OR x.indisexclusion)`,
    );
    const ofFamilies = keys.filter((key) => familyOf(key.table) !== null);
    expect(ofFamilies.length).toBeGreaterThanOrEqual(Object.values(FAMILIES).flat().length);
    expect(ofFamilies.filter((key) => key.columns[0] !== familyOf(key.table))).toEqual([]);
  });

  it("have no foreign key from one family to another, and none at all from event", async () => {
    const foreignKeys = await rows<{ from: string; to: string }>(
      "SELECT conrelid::regclass::text AS from, confrelid::regclass::text AS to FROM pg_constraint WHERE contype = 'f'",
    );
    const crossing = foreignKeys.filter(
      ({ from, to }) => from === "event" || (familyOf(from) !== familyOf(to) && familyOf(to) !== null),
    );
    expect(crossing).toEqual([]);
  });

  it("of a family are distributed by its column in citus.sql, the others are reference tables there", async () => {
    const sql = await readFile("prisma/citus.sql", "utf8");
    const distributed = [...sql.matchAll(/create_distributed_table\('(\w+)', '(\w+)'/g)].map((it) => [it[2], it[1]]);
    const wanted = Object.entries(FAMILIES).flatMap(([column, tables]) => tables.map((table) => [column, table]));
    expect(distributed.sort()).toEqual(wanted.sort());
    const reference = [...sql.matchAll(/create_reference_table\('(\w+)'/g)].map((it) => it[1]);
    expect(reference.sort()).toEqual(REFERENCE);
  });
});

describe("append-only tables", () => {
  beforeAll(async () => {
    const pool = db.database.pool;
    await pool.query(`INSERT INTO event (topic_id, "offset", recorded_at, id, type, attributes)
                      VALUES (1, 1, now(), 'a', 't', '{}')`);
    await pool.query("INSERT INTO audit_entry (actor, action, target) VALUES ('a', 'b', 'c')");
  });

  it.each([
    "UPDATE event SET type = 'other'",
    "DELETE FROM event",
    "TRUNCATE event",
    "UPDATE audit_entry SET actor = 'nobody'",
    "DELETE FROM audit_entry",
    "TRUNCATE audit_entry",
  ])("refuse: %s", async (statement) => {
    await expect(db.database.pool.query(statement)).rejects.toThrow("is append-only");
  });
});
