import type { Alert } from "../../contract/alerts.ts";
import { alertWords } from "../../domain/alert-words.ts";
import { DomainError } from "../../domain/errors.ts";
import type { NewEvent } from "../../domain/new-event.ts";
import { markTold } from "../../store/alerts/change.ts";
import { type AlertTold, selectUntoldAlerts } from "../../store/alerts/table.ts";
import type { Services } from "../services.ts";
import { declareTopic } from "../topics/declare-topic.ts";
import { type PublishEventsDeps, publishEvents } from "../topics/publish-events.ts";

/** Where each change of an alert's state is an event, for whoever wants to be told. */
export const ALERT_TOPIC = "millrace.alerts";

const SOURCE = "millrace";
const DAY_MS = 86_400_000;

/**
 * Publishes what has become of alerts and was not told. An event's id is the alert's with its state: told again, after an
 * answer that was lost, it is a duplicate.
 */
export function tellAlerts(deps: PublishEventsDeps & Parameters<typeof declareTopic>[0]): Services["tellAlerts"] {
  const publish = publishEvents(deps);
  const declare = declareTopic(deps);

  async function publishTo(events: readonly NewEvent[]): Promise<void> {
    const request = { topic: ALERT_TOPIC, events, expect: null };
    try {
      await publish(request);
    } catch (error) {
      if (!isRefusal(error, "topic-not-found")) throw error;
      const description = "What has become of alerts: new, acknowledged, over.";
      const declaration = { description, retention: { maxAgeMs: 90 * DAY_MS } };
      await declare({ topic: ALERT_TOPIC, declaration, actor: { name: "system", requestId: "alerts" } });
      await publish(request);
    }
  }

  /** What another version has told in other words is told. */
  async function publishAll(events: readonly NewEvent[]): Promise<void> {
    try {
      await publishTo(events);
    } catch (error) {
      if (!isRefusal(error, "id-reused")) throw error;
      if (events.length === 1) return;
      for (const event of events) await publishAll([event]);
    }
  }

  return async () => {
    const pending = await selectUntoldAlerts(deps.database.prisma);
    if (pending.length === 0) return;
    await publishAll(pending.flatMap(({ alert, untold }) => untold.map((state) => eventOf(alert, state))));
    for (const state of ["new", "acknowledged", "over"] as const) {
      const ids = pending.filter((it) => it.untold.includes(state)).map((it) => it.alert.id);
      if (ids.length > 0) await markTold(deps.database.pool, ids, state);
    }
  };
}

function isRefusal(error: unknown, code: DomainError["code"]): boolean {
  return error instanceof DomainError && error.code === code;
}

/** Holds only what does not change any more, so that it is the same each time it is told. */
function eventOf(alert: Alert, state: AlertTold): NewEvent {
  const { id, rule, severity, measure, above, subject, since, openedAt, value, worst, acknowledged, over } = alert;
  const data = {
    ...{ alert: id, state, text: alertWords(measure, subject.name, value), rule, severity, measure, above, subject },
    ...{ since, openedAt, value },
    ...(state !== "new" && { acknowledged }),
    ...(state === "over" && { worst, over }),
  };
  return {
    id: `${id}.${state}`,
    source: SOURCE,
    type: `millrace.alert.${state}`,
    key: `${rule} ${subject.kind}:${subject.name}`,
    data: JSON.stringify(data),
    dataBytes: null,
    attributes: JSON.stringify({ source: SOURCE }),
  };
}
