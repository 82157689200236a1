import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { testDatabase } from "./test-database.ts";

interface Column {
  readonly table: string;
  readonly column: string;
  readonly type: string;
  /** Null: Prisma has no word for a list that may be null. */
  readonly isNullable: boolean | null;
}

const TYPES: Readonly<Record<string, string>> = {
  Int: "integer",
  BigInt: "bigint",
  Float: "double precision",
  String: "text",
  Boolean: "boolean",
  Bytes: "bytea",
  Json: "json",
  DateTime: "timestamp(3) with time zone",
};

it("Prisma's schema says of every table and column what the migrations made of it", async () => {
  const db = await testDatabase();
  try {
    const { rows } = await db.database.pool.query<Column>(
      `SELECT c.relname AS table, a.attname AS column, format_type(a.atttypid, a.atttypmod) AS type,
              NOT a.attnotnull AS "isNullable"
       FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
       WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
         AND c.relname <> '_prisma_migrations' AND a.attnum > 0 AND NOT a.attisdropped`,
    );
    const declared = columnsOf(await readFile("prisma/schema.prisma", "utf8"));
    const lists = new Set(declared.filter((it) => it.isNullable === null).map(place));
    const actual = rows.map((row) => (lists.has(place(row)) ? { ...row, isNullable: null } : row));
    expect(declared.map(sentence).sort()).toEqual(actual.map(sentence).sort());
  } finally {
    await db.drop();
  }
});

const place = (it: Column) => `${it.table}.${it.column}`;
const sentence = (it: Column) => `${place(it)} ${it.type}${it.isNullable === true ? " null" : ""}`;

function columnsOf(schema: string): Column[] {
  const models = [...schema.matchAll(/^model (\w+) \{\n([\s\S]*?)^\}/gm)];
  const names = new Set(models.map((it) => it[1]));
  return models.flatMap(([, , body = ""]) => {
    const table = /@@map\("(\w+)"\)/.exec(body)?.[1] ?? "?";
    return body.split("\n").flatMap((line) => {
      const field = /^\s+(\w+)\s+(\w+)(\("[^"]+"\))?(\[\])?(\?)?(.*)$/.exec(line);
      if (field === null || names.has(field[2])) return [];
      const [, name = "", base = "", argument, list, optional, attributes = ""] = field;
      const scalar = argument?.slice(2, -2) ?? (attributes.includes("@db.Uuid") ? "uuid" : (TYPES[base] ?? base));
      return {
        table,
        column: /@map\("(\w+)"\)/.exec(attributes)?.[1] ?? name,
        type: list === undefined ? scalar : `${scalar}[]`,
        isNullable: list === undefined ? optional !== undefined : null,
      };
    });
  });
}
