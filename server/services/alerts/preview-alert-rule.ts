import type { AlertPreview } from "../../contract/alerts.ts";
import { matchesPattern } from "../../domain/access.ts";
import { ALERT_MEASURES, alertSpans } from "../../domain/alert-rule.ts";
import { selectMeasures } from "../../store/alerts/measures-select.ts";
import type { Database } from "../../store/database.ts";
import type { Services } from "../services.ts";

const DAY_MS = 86_400_000;
/** What was sampled within it is there now; the clocks of server and database may differ by some of it. */
const RECENT_MS = 120_000;
/** A day of one consumer is 8,640 samples for each topic. */
const MAX_SUBJECTS = 200;
const WITHIN_MS = 4_000;
const MAX_SHOWN = 50;

/** What a rule would have made of the last day, decided by the same function that decides now. */
export function previewAlertRule({ database }: { readonly database: Database }): Services["previewAlertRule"] {
  return async ({ condition, may }) => {
    const { measure, pattern } = condition;
    const kind = ALERT_MEASURES[measure];
    const now = Date.now();
    const until = performance.now() + WITHIN_MS;
    const recent = { after: now - RECENT_MS, through: now + RECENT_MS, names: null };
    const here = new Set((await selectMeasures(database.patient, kind, recent)).map((it) => it.subject));
    const names = [...here].filter((name) => {
      const target = kind === "consumer" ? { consumer: name } : { topic: name };
      return matchesPattern(pattern, name) && may("read", target);
    });
    const found: AlertPreview["alerts"] = [];
    let subjects = 0;
    for (const name of names.slice(0, MAX_SUBJECTS)) {
      if (performance.now() > until) break;
      const day = { after: now - DAY_MS, through: now + RECENT_MS, names: [name] };
      const samples = await selectMeasures(database.patient, kind, day);
      const spans = alertSpans(
        condition,
        samples.map(({ at, values }) => ({ at, value: values[measure] ?? 0 })),
      );
      subjects += 1;
      for (const { openedAt, overAt, worst } of spans) {
        found.push({
          subject: name,
          openedAt: timeOf(openedAt),
          overAt: overAt === null ? null : timeOf(overAt),
          worst,
        });
      }
    }
    found.sort((a, b) => Date.parse(b.openedAt) - Date.parse(a.openedAt));
    return { count: found.length, subjects, isWhole: subjects === names.length, alerts: found.slice(0, MAX_SHOWN) };
  };
}

const timeOf = (ms: number): string => new Date(ms).toISOString();
