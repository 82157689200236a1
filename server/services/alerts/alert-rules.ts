import type { AlertRule } from "../../contract/alerts.ts";
import { DomainError, invalidField } from "../../domain/errors.ts";
import { insertAuditEntry } from "../../store/access/insert-audit-entry.ts";
import {
  countAlertRules,
  lockAlertRule,
  MAX_ALERT_RULES,
  putAlertRule as put,
  deleteAlertRule as remove,
  selectAlertRules,
} from "../../store/alerts/rule-table.ts";
import type { Database } from "../../store/database.ts";
import type { Services } from "../services.ts";

interface Deps {
  readonly database: Database;
}

export const listAlertRules =
  ({ database }: Deps): Services["listAlertRules"] =>
  () =>
    selectAlertRules(database.prisma);

export const putAlertRule =
  ({ database }: Deps): Services["putAlertRule"] =>
  ({ name, declaration, actor }) =>
    database.prisma.$transaction(async (db) => {
      const before = await lockAlertRule(db, name);
      if (before === null && (await countAlertRules(db)) >= MAX_ALERT_RULES) {
        throw invalidField("rule", `there are ${MAX_ALERT_RULES} rules already; delete one first`);
      }
      const rule = await put(db, { name, ...declaration, changedBy: actor.name });
      await insertAuditEntry(db, {
        actor: actor.name,
        action: before === null ? "alert-rule.created" : "alert-rule.changed",
        target: `alert-rule:${name}`,
        ...(before !== null && { before: contentOf(before) }),
        after: contentOf(rule),
        requestId: actor.requestId,
      });
      return { rule, created: before === null };
    });

/** Its alerts are over at the next sample. */
export const deleteAlertRule =
  ({ database }: Deps): Services["deleteAlertRule"] =>
  ({ name, actor }) =>
    database.prisma.$transaction(async (db) => {
      const before = await lockAlertRule(db, name);
      if (before === null) throw new DomainError("not-found", "There is no such alert rule.");
      await remove(db, name);
      await insertAuditEntry(db, {
        actor: actor.name,
        action: "alert-rule.deleted",
        target: `alert-rule:${name}`,
        before: contentOf(before),
        requestId: actor.requestId,
      });
    });

const contentOf = ({ name: _name, changedBy: _by, changedAt: _at, ...content }: AlertRule) => content;
