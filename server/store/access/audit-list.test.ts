import { expect, it } from "vitest";
import { testDatabase } from "../../testing/test-database.ts";
import { transaction } from "../database.ts";
import { listAuditEntries } from "./audit-list.ts";
import { insertAuditEntry } from "./insert-audit-entry.ts";

it("an entry of an SQL transaction and one of Prisma's read alike, with the JSON that was written", async () => {
  const db = await testDatabase();
  try {
    const { pool, prisma } = db.database;
    // A name that Prisma's own protocol uses, and a character that `jsonb` would refuse.
    const entry = {
      actor: "system",
      action: "a.b",
      target: "t",
      after: { $type: "DateTime", value: "\u0000", n: [null] },
    };
    await transaction(pool, (client) => insertAuditEntry(client, entry));
    await prisma.$transaction((tables) => insertAuditEntry(tables, { ...entry, reason: "why", requestId: "r" }));
    await prisma
      .$transaction(async (tables) => {
        await insertAuditEntry(tables, entry);
        throw new Error("rolled back");
      })
      .catch(() => undefined);
    const written = { ...entry, id: expect.any(Number), at: expect.stringMatching(/^20.*Z$/), before: null };
    expect(await listAuditEntries(prisma, { before: null, limit: 10 })).toEqual([
      { ...written, reason: "why", requestId: "r" },
      { ...written, reason: null, requestId: null },
    ]);
  } finally {
    await db.drop();
  }
});
