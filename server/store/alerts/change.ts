import { randomUUID } from "node:crypto";
import type { Alert, AlertRule } from "../../contract/alerts.ts";
import type { AlertSpan } from "../../domain/alert-rule.ts";
import type { Queryable } from "../database.ts";
import type { AlertTold } from "./table.ts";

/** Whichever instance comes second finds that it stands already. */
export async function insertAlert(
  db: Queryable,
  { rule, subject, span }: { readonly rule: AlertRule; readonly subject: Alert["subject"]; readonly span: AlertSpan },
): Promise<void> {
  await db.query({
    name: "insert_alert",
    text: `
      INSERT INTO alert (id, rule, severity, measure, above, subject_kind, subject, since, opened_at, value, worst)
      VALUES ($1, $2, $3, $4, $5, $6, $7, to_timestamp($8::float8 / 1000), to_timestamp($9::float8 / 1000), $10, $11)
      ON CONFLICT (rule, subject_kind, subject) WHERE over_at IS NULL DO NOTHING`,
    values: [
      randomUUID(),
      rule.name,
      rule.severity,
      rule.measure,
      rule.above,
      subject.kind,
      subject.name,
      span.since,
      span.openedAt,
      span.value,
      span.worst,
    ],
  });
}

export async function updateWorst(db: Queryable, id: string, worst: number): Promise<void> {
  await db.query({
    name: "update_alert_worst",
    text: "UPDATE alert SET worst = greatest(worst, $2) WHERE id = $1 AND over_at IS NULL",
    values: [id, worst],
  });
}

/** `at`: milliseconds since 1970. Once, whoever finds it. */
export async function endAlert(
  db: Queryable,
  end: {
    readonly id: string;
    readonly at: number;
    readonly worst: number;
    readonly because: NonNullable<Alert["over"]>["because"];
  },
): Promise<void> {
  await db.query({
    name: "end_alert",
    text: `
      UPDATE alert SET over_at = greatest(to_timestamp($2::float8 / 1000), opened_at), worst = greatest(worst, $3),
        over_because = $4, untold = untold || 'over'::text
      WHERE id = $1 AND over_at IS NULL`,
    values: [end.id, end.at, end.worst, end.because],
  });
}

export async function markTold(db: Queryable, ids: readonly string[], state: AlertTold): Promise<void> {
  await db.query({
    name: "mark_alerts_told",
    text: "UPDATE alert SET untold = array_remove(untold, $2) WHERE id = ANY ($1::uuid[])",
    values: [ids, state],
  });
}

/** Forgets alerts that were over for 90 days, some at a time. Returns how many. */
export async function forgetOldAlerts(db: Queryable): Promise<number> {
  const { rowCount } = await db.query({
    name: "forget_old_alerts",
    text: `DELETE FROM alert WHERE id = ANY (ARRAY(
             SELECT id FROM alert WHERE over_at < now() - interval '90 days' AND untold = '{}' LIMIT 1000))`,
  });
  return rowCount ?? 0;
}
