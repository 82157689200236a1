import { z } from "zod";
import { ALERT_MEASURES, type AlertMeasure } from "../domain/alert-rule.ts";
import { scope } from "./api-keys.ts";
import { freeText } from "./names.ts";

export const alertRuleName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, "must be lower-case letters, digits and . _ -");

export const alertMeasure = z.enum(Object.keys(ALERT_MEASURES) as [AlertMeasure, ...AlertMeasure[]]);
export const alertSeverity = z.enum(["page", "ticket"]);
export type AlertSeverity = z.infer<typeof alertSeverity>;

/** An alert begins when the measure of a consumer or a topic was above the bound for so many seconds. */
const condition = {
  measure: alertMeasure,
  above: z.number().min(0).max(1e15),
  forSeconds: z.int().min(0).max(86_400),
  /** A name, a name's beginning followed by `*`, or `*` for all. */
  pattern: scope.shape.pattern.default("*"),
};
export const alertCondition = z.strictObject(condition);

/** `PUT /v1/alert-rules/{rule}`: the whole rule. */
export const alertRuleDeclaration = z.strictObject({
  ...condition,
  description: freeText.trim().max(200).default(""),
  /** `page`: somebody has to get up. `ticket`: it can wait for the morning. */
  severity: alertSeverity,
  isEnabled: z.boolean().default(true),
});
export type AlertRuleDeclaration = z.infer<typeof alertRuleDeclaration>;

export const alertRule = z.object({
  name: z.string(),
  description: z.string(),
  measure: alertMeasure,
  above: z.number(),
  forSeconds: z.int(),
  pattern: z.string(),
  severity: alertSeverity,
  isEnabled: z.boolean(),
  changedBy: z.string(),
  changedAt: z.string(),
});
export type AlertRule = z.infer<typeof alertRule>;
export const alertRuleList = z.object({ rules: z.array(alertRule) });

/** What a rule would have made of the last 24 hours. */
export const alertPreview = z.object({
  /** Alerts that would have begun. */
  count: z.int(),
  /** Consumers or topics that were looked at. */
  subjects: z.int(),
  /** False: there was more than could be looked at in time. */
  isWhole: z.boolean(),
  /** The newest of them. */
  alerts: z.array(
    z.object({
      subject: z.string(),
      openedAt: z.string(),
      /** Null: it would stand now. */
      overAt: z.string().nullable(),
      worst: z.number(),
    }),
  ),
});
export type AlertPreview = z.infer<typeof alertPreview>;

export const alertState = z.enum(["new", "acknowledged", "over"]);
export type AlertState = z.infer<typeof alertState>;

export const alert = z.object({
  id: z.uuid(),
  /** Grows with each alert; the `before` of a page. */
  place: z.int(),
  state: alertState,
  /** The rule's name, and what it said then. */
  rule: z.string(),
  severity: alertSeverity,
  measure: alertMeasure,
  above: z.number(),
  subject: z.object({ kind: z.enum(["consumer", "topic"]), name: z.string() }),
  /** From when on the measure was above. */
  since: z.string(),
  openedAt: z.string(),
  /** When it opened. */
  value: z.number(),
  worst: z.number(),
  acknowledged: z.object({ at: z.string(), by: z.string(), note: z.string().nullable() }).nullable(),
  over: z
    .object({
      at: z.string(),
      /** `cleared`: the measure was well under its bound for a minute. */
      because: z.enum(["cleared", "rule-changed", "subject-gone"]),
    })
    .nullable(),
});
export type Alert = z.infer<typeof alert>;

export const alertQuery = z.strictObject({
  /** `open`: new and acknowledged ones. */
  state: z.enum(["open", "new", "acknowledged", "over"]).optional(),
  before: z.int().min(1).optional(),
  limit: z.int().min(1).max(200).default(50),
});
export type AlertQuery = z.infer<typeof alertQuery>;
/** The newest first. */
export const alertPage = z.object({
  alerts: z.array(alert),
  /** The `before` of the next, older page; null at the end. */
  next: z.int().nullable(),
});
export type AlertPage = z.infer<typeof alertPage>;

export const alertAcknowledgement = z.strictObject({ note: freeText.trim().min(1).max(1000).optional() });
