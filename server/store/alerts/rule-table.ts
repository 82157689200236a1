import type { AlertRule, AlertRuleDeclaration } from "../../contract/alerts.ts";
import type { Tables } from "../database.ts";
import { plainRow } from "../plain-row.ts";
import type { AlertRuleModel } from "../prisma/models.ts";

export const MAX_ALERT_RULES = 200;

const ruleOf = (row: AlertRuleModel): AlertRule => {
  const { measure, severity, ...rest } = plainRow(row);
  return { ...rest, measure: measure as AlertRule["measure"], severity: severity as AlertRule["severity"] };
};

/** By name. */
export async function selectAlertRules(db: Tables): Promise<AlertRule[]> {
  return (await db.alertRule.findMany({ orderBy: { name: "asc" }, take: MAX_ALERT_RULES })).map(ruleOf);
}

/** Locked until the transaction ends. */
export async function lockAlertRule(db: Tables, name: string): Promise<AlertRule | null> {
  await db.$executeRaw`SELECT FROM alert_rule WHERE name = ${name} FOR UPDATE`;
  const row = await db.alertRule.findUnique({ where: { name } });
  return row === null ? null : ruleOf(row);
}

export async function putAlertRule(
  db: Tables,
  rule: AlertRuleDeclaration & { readonly name: string; readonly changedBy: string },
): Promise<AlertRule> {
  const row = await db.alertRule.upsert({
    where: { name: rule.name },
    create: rule,
    update: { ...rule, changedAt: new Date() },
  });
  return ruleOf(row);
}

export function countAlertRules(db: Tables): Promise<number> {
  return db.alertRule.count();
}

export async function deleteAlertRule(db: Tables, name: string): Promise<void> {
  await db.alertRule.deleteMany({ where: { name } });
}
