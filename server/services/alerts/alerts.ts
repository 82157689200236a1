import type { Alert } from "../../contract/alerts.ts";
import type { May } from "../../domain/access.ts";
import { DomainError } from "../../domain/errors.ts";
import { insertAuditEntry } from "../../store/access/insert-audit-entry.ts";
import { acknowledgeAlert as acknowledge, findAlert, listAlerts as list } from "../../store/alerts/table.ts";
import type { Database } from "../../store/database.ts";
import type { Services } from "../services.ts";

interface Deps {
  readonly database: Database;
}

/** Alerts looked at for one page. A page that comes to it is short, and `next` leads on. */
const MAX_SCANNED = 5_000;
const STEP = 500;

const targetOf = ({ subject }: Alert) =>
  subject.kind === "consumer" ? { consumer: subject.name } : { topic: subject.name };

const mayRead = (may: May, alert: Alert): boolean => may("read", targetOf(alert));

/** Of what the caller may read. */
export const listAlerts =
  ({ database }: Deps): Services["listAlerts"] =>
  async ({ state, before, limit, may }) => {
    const seen: Alert[] = [];
    let next = before ?? null;
    for (let scanned = 0; scanned < MAX_SCANNED; scanned += STEP) {
      const alerts = await list(database.prisma, { before: next, limit: STEP, ...(state !== undefined && { state }) });
      seen.push(...alerts.filter((it) => mayRead(may, it)));
      // One more than asked says whether there is another page, without counting.
      if (seen.length > limit) {
        const page = seen.slice(0, limit);
        return { alerts: page, next: page.at(-1)?.place ?? null };
      }
      if (alerts.length < STEP) return { alerts: seen, next: null };
      next = alerts.at(-1)?.place ?? null;
    }
    return { alerts: seen, next };
  };

/** Somebody has seen it and looks after it. An alert that is acknowledged or over already stays as it is. */
export const acknowledgeAlert =
  ({ database }: Deps): Services["acknowledgeAlert"] =>
  ({ id, note, actor, may, require }) =>
    database.prisma.$transaction(async (db) => {
      const before = await findAlert(db, id);
      // A refusal would name what the alert is about.
      if (before === null || !mayRead(may, before)) throw new DomainError("not-found", "There is no such alert.");
      require("operate", targetOf(before));
      const isChanged = await acknowledge(db, { id, by: actor.name, note: note ?? null });
      if (isChanged) {
        await insertAuditEntry(db, {
          actor: actor.name,
          action: "alert.acknowledged",
          target: `${before.subject.kind}:${before.subject.name}`,
          after: { alert: id, rule: before.rule },
          ...(note !== undefined && { reason: note }),
          requestId: actor.requestId,
        });
      }
      return (await findAlert(db, id)) ?? before;
    });
