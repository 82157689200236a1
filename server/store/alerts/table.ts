import type { Alert, AlertQuery } from "../../contract/alerts.ts";
import type { Tables } from "../database.ts";
import { plainRow } from "../plain-row.ts";
import type { AlertModel } from "../prisma/models.ts";

/** Alerts that stand at once. Beyond them none begins: who has so many has one cause, and knows of it. */
export const MAX_OPEN_ALERTS = 1_000;
/** The others come in the next round. */
const MAX_UNTOLD = 100;

export type AlertTold = Alert["state"];

function alertOf(row: AlertModel): Alert {
  const {
    acknowledgedAt,
    acknowledgedBy,
    note,
    overAt,
    overBecause,
    subjectKind,
    subject,
    untold: _,
    ...rest
  } = plainRow(row);
  return {
    ...rest,
    state: overAt !== null ? "over" : acknowledgedAt !== null ? "acknowledged" : "new",
    severity: rest.severity as Alert["severity"],
    measure: rest.measure as Alert["measure"],
    subject: { kind: subjectKind as Alert["subject"]["kind"], name: subject },
    acknowledged: acknowledgedAt === null ? null : { at: acknowledgedAt, by: acknowledgedBy ?? "", note },
    over: overAt === null ? null : { at: overAt, because: overBecause as NonNullable<Alert["over"]>["because"] },
  };
}

const STATES = {
  open: { overAt: null },
  new: { overAt: null, acknowledgedAt: null },
  acknowledged: { overAt: null, acknowledgedAt: { not: null } },
  over: { overAt: { not: null } },
} as const;

/** All that stand, the oldest first. */
export async function selectOpenAlerts(db: Tables): Promise<Alert[]> {
  const rows = await db.alert.findMany({ where: STATES.open, orderBy: { place: "asc" }, take: MAX_OPEN_ALERTS });
  return rows.map(alertOf);
}

/** The newest first. */
export async function listAlerts(
  db: Tables,
  { state, before, limit }: Pick<AlertQuery, "state"> & { readonly before: number | null; readonly limit: number },
): Promise<Alert[]> {
  const rows = await db.alert.findMany({
    where: { ...(state !== undefined && STATES[state]), ...(before !== null && { place: { lt: before } }) },
    orderBy: { place: "desc" },
    take: limit,
  });
  return rows.map(alertOf);
}

export async function findAlert(db: Tables, id: string): Promise<Alert | null> {
  const row = await db.alert.findUnique({ where: { id } });
  return row === null ? null : alertOf(row);
}

/** False: somebody has done so already, or the alert is over. */
export async function acknowledgeAlert(
  db: Tables,
  { id, by, note }: { readonly id: string; readonly by: string; readonly note: string | null },
): Promise<boolean> {
  const { count } = await db.alert.updateMany({
    where: { id, ...STATES.new },
    data: { acknowledgedAt: new Date(), acknowledgedBy: by, note, untold: { push: "acknowledged" } },
  });
  return count === 1;
}

/** Alerts whose changes of state are not in the topic of alerts yet, the first first. */
export async function selectUntoldAlerts(db: Tables): Promise<{ alert: Alert; untold: AlertTold[] }[]> {
  const rows = await db.alert.findMany({
    where: { untold: { isEmpty: false } },
    orderBy: { place: "asc" },
    take: MAX_UNTOLD,
  });
  return rows.map((row) => ({ alert: alertOf(row), untold: row.untold as AlertTold[] }));
}
