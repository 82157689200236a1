import { reachable } from "../../engine/database-unavailable.ts";
import { insertAuditEntry } from "../../store/access/insert-audit-entry.ts";
import { getSetting } from "../../store/access/setting-get.ts";
import { putSetting } from "../../store/access/setting-put.ts";
import { BIN_DAYS, DEFAULT_BIN_DAYS, selectBin, selectBinDays } from "../../store/bin/table.ts";
import type { Database } from "../../store/database.ts";
import type { Services } from "../services.ts";

interface Deps {
  readonly database: Database;
}

export const listBin =
  ({ database }: Deps): Services["listBin"] =>
  () =>
    reachable(
      (async () => ({ binDays: await selectBinDays(database.pool), entries: await selectBin(database.pool) }))(),
    );

/** Counts at once for all that is in the bin. */
export const configureBin =
  ({ database }: Deps): Services["configureBin"] =>
  async ({ binDays, reason, actor }) => {
    await reachable(
      database.prisma.$transaction(async (db) => {
        const before = (await getSetting(db, BIN_DAYS)) ?? DEFAULT_BIN_DAYS;
        await putSetting(db, BIN_DAYS, binDays);
        await insertAuditEntry(db, {
          actor: actor.name,
          action: "bin.configured",
          target: "bin",
          before: { binDays: before },
          after: { binDays },
          reason,
          requestId: actor.requestId,
        });
      }),
    );
    return reachable((async () => ({ binDays, entries: await selectBin(database.pool) }))());
  };
