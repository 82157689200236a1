import type { Alert, AlertRule } from "../../contract/alerts.ts";
import { matchesPattern } from "../../domain/access.ts";
import {
  ALERT_MEASURES,
  type AlertSubjectKind,
  alertChange,
  CLEAR_WINDOW_MS,
  isClear,
  type Measured,
  windowMs,
} from "../../domain/alert-rule.ts";
import { endAlert, insertAlert, updateWorst } from "../../store/alerts/change.ts";
import { type MeasuredSubject, selectMeasures } from "../../store/alerts/measures-select.ts";
import { selectAlertRules } from "../../store/alerts/rule-table.ts";
import { MAX_OPEN_ALERTS, selectOpenAlerts } from "../../store/alerts/table.ts";
import type { Database, Queryable } from "../../store/database.ts";

/** Subjects of one rule that are looked at more closely in one round. */
const MAX_SUBJECTS = 500;

/**
 * Looks at what was sampled at a time (milliseconds since 1970), and begins and ends alerts. All of it is decided on the
 * samples, so that nothing is forgotten with a process, and a rule that is tried on a day decides the same. Instances
 * that look at once find each other's alerts.
 */
export async function watchAlerts(
  { patient: db, prisma }: Pick<Database, "patient" | "prisma">,
  at: number,
): Promise<void> {
  const rules = (await selectAlertRules(prisma)).filter((it) => it.isEnabled);
  const open = await selectOpenAlerts(prisma);
  let room = MAX_OPEN_ALERTS - open.length;
  const watched = new Set<Alert>();
  const readings = await readingsAt(db, at, rules);
  for (const rule of rules) {
    const standing = open.filter((it) => isOf(rule, it));
    for (const alert of standing) watched.add(alert);
    room -= await watchRule(db, {
      rule,
      standing,
      at,
      room,
      readings: readings.get(ALERT_MEASURES[rule.measure]) ?? [],
    });
  }
  for (const { id, worst } of open.filter((it) => !watched.has(it))) {
    await endAlert(db, { id, at, worst, because: "rule-changed" });
  }
}

async function readingsAt(
  db: Queryable,
  at: number,
  rules: readonly AlertRule[],
): Promise<ReadonlyMap<AlertSubjectKind, readonly MeasuredSubject[]>> {
  const readings = new Map<AlertSubjectKind, readonly MeasuredSubject[]>();
  for (const kind of new Set(rules.map((it) => ALERT_MEASURES[it.measure]))) {
    readings.set(kind, await selectMeasures(db, kind, { after: at - 1, through: at, names: null }));
  }
  return readings;
}

function isOf({ name, measure, pattern }: AlertRule, alert: Alert): boolean {
  return alert.rule === name && alert.measure === measure && matchesPattern(pattern, alert.subject.name);
}

interface Look {
  readonly rule: AlertRule;
  /** Alerts of the rule. */
  readonly standing: readonly Alert[];
  readonly readings: readonly MeasuredSubject[];
  readonly at: number;
  /** How many may begin. */
  readonly room: number;
}

/** Returns how many alerts began. */
async function watchRule(db: Queryable, look: Look): Promise<number> {
  const { rule, standing, readings, room } = look;
  const values = new Map(readings.map((it) => [it.subject, it.values[rule.measure] ?? 0]));
  const names = new Set(standing.map((it) => it.subject.name));
  const rising = [...values]
    .filter(([name, value]) => value > rule.above && matchesPattern(rule.pattern, name) && !names.has(name))
    .map(([name]) => name);
  await follow(db, look, values);
  return begin(db, look, rising.slice(0, Math.min(MAX_SUBJECTS, Math.max(0, room))));
}

/** Alerts that stand: what is measured now says of most that they go on. */
async function follow(db: Queryable, look: Look, values: ReadonlyMap<string, number>): Promise<void> {
  const { rule, standing, at } = look;
  const falling: Alert[] = [];
  for (const alert of standing) {
    const value = values.get(alert.subject.name);
    if (value === undefined || isClear(rule.above, value)) falling.push(alert);
    else if (value > alert.worst) await updateWorst(db, alert.id, value);
  }
  const windows = await windowsOf(db, look, { names: falling.map((it) => it.subject.name), lengthMs: CLEAR_WINDOW_MS });
  for (const { id, subject, since, openedAt, value, worst } of falling) {
    const window = windows.get(subject.name);
    const open = { since: Date.parse(since), openedAt: Date.parse(openedAt), value, worst };
    const change = window === undefined ? null : alertChange(rule, window, open);
    if (window === undefined) await endAlert(db, { id, at, worst, because: "subject-gone" });
    else if (change?.kind === "over")
      await endAlert(db, { id, at: change.at, worst: change.worst, because: "cleared" });
  }
}

async function begin(db: Queryable, look: Look, rising: readonly string[]): Promise<number> {
  const { rule } = look;
  const lengthMs = windowMs(rule);
  // The whole window is read of those alone that were above at its beginning.
  const sinceMs = rule.forSeconds * 1_000;
  const beginnings = await windowsOf(db, look, { names: rising, lengthMs, exceptMs: sinceMs });
  const names = rising.filter((name) => beginnings.get(name)?.some((it) => it.value > rule.above) === true);
  let begun = 0;
  for (const [name, window] of await windowsOf(db, look, { names, lengthMs })) {
    const change = alertChange(rule, window, null);
    if (change?.kind !== "opens") continue;
    await insertAlert(db, { rule, subject: { kind: ALERT_MEASURES[rule.measure], name }, span: change.span });
    begun += 1;
  }
  return begun;
}

/** The last of what was sampled, by name, without the newest of it. */
async function windowsOf(
  db: Queryable,
  { rule, at }: Look,
  of: { readonly names: readonly string[]; readonly lengthMs: number; readonly exceptMs?: number },
): Promise<ReadonlyMap<string, readonly Measured[]>> {
  const { names, lengthMs, exceptMs = 0 } = of;
  const windows = new Map<string, Measured[]>();
  if (names.length === 0) return windows;
  const span = { after: at - lengthMs, through: at - exceptMs, names };
  for (const it of await selectMeasures(db, ALERT_MEASURES[rule.measure], span)) {
    const window = windows.get(it.subject) ?? [];
    window.push({ at: it.at, value: it.values[rule.measure] ?? 0 });
    windows.set(it.subject, window);
  }
  return windows;
}
