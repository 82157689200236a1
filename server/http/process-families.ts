import type { FiguresReading } from "../engine/insight/database-figures.ts";
import type { Vitals } from "../engine/insight/vitals.ts";
import type { MetricFamily, MetricSeries } from "./metric-family.ts";

const OWN = "Of this instance: aggregate with sum.";

/** What this process has in hand, and whether it reaches its database. */
export function processFamilies(reading: FiguresReading, vitals: Vitals): MetricFamily[] {
  const { connections, wakeups } = vitals;
  return [
    {
      name: "millrace_database_up",
      type: "gauge",
      help: "1 while this instance can read and write its database. At 0 the figures of topics and consumers are left out.",
      series: [{ value: Number(reading.isDatabaseUp) }],
    },
    {
      name: "millrace_figures_age_seconds",
      type: "gauge",
      help: "How old the figures of topics and consumers on this page are. Absent: there are none.",
      series: reading.figures === null ? [] : [{ value: reading.ageSeconds }],
    },
    gauge("millrace_database_connections", "Connections of the pool to the database by state.", [
      { labels: { state: "used" }, value: connections.used },
      { labels: { state: "idle" }, value: connections.idle },
    ]),
    gauge("millrace_database_waiting", "Statements that wait for a connection of the pool.", [
      { value: connections.waiting },
    ]),
    gauge("millrace_members", "Members that have their session here.", [{ value: vitals.members }]),
    gauge("millrace_deliveries_in_flight", "Deliveries in the hands of members that are here.", [
      { value: vitals.inFlight },
    ]),
    gauge(
      "millrace_consumer_deliveries_in_flight",
      "Deliveries of a consumer in the hands of members that are here.",
      inFlightSeries(reading, vitals),
    ),
    counter(
      "millrace_consumer_attempts_total",
      "Deliveries of a consumer that were settled here, by how they ended.",
      attemptSeries(reading, vitals),
    ),
    gauge("millrace_settlements_queued", "Settlements that wait for the database.", [
      { value: vitals.settlementsQueued },
    ]),
    gauge("millrace_events_queued", "Published events that wait for the database.", [{ value: vitals.eventsQueued }]),
    {
      name: "millrace_wakeups_listening",
      type: "gauge",
      help: `1 while this instance hears the wake-ups of others; at 0 it looks by itself once a second.`,
      series: [{ value: Number(wakeups.isListening) }],
    },
    counter("millrace_wakeups_sent_total", "Wake-ups sent to other instances.", [{ value: wakeups.sent }]),
    counter("millrace_wakeups_received_total", "Wake-ups received from other instances.", [
      { value: wakeups.received },
    ]),
  ];
}

/** Of the consumers that the page speaks of anyway: a consumer that is removed or renamed leaves no series behind. */
function inFlightSeries({ figures }: FiguresReading, { inFlightOf }: Vitals): MetricSeries[] {
  return (figures?.consumers ?? []).flatMap(({ id, consumer }) => {
    const value = inFlightOf.get(id);
    return value === undefined ? [] : [{ labels: { consumer }, value }];
  });
}

function attemptSeries({ figures }: FiguresReading, { attemptsOf }: Vitals): MetricSeries[] {
  return (figures?.consumers ?? []).flatMap(({ id, consumer }) =>
    Object.entries(attemptsOf.get(id) ?? {}).map(([outcome, value]) => ({ labels: { consumer, outcome }, value })),
  );
}

function gauge(name: string, help: string, series: readonly MetricSeries[]): MetricFamily {
  return { name, type: "gauge", help: `${help} ${OWN}`, series };
}

function counter(name: string, help: string, series: readonly MetricSeries[]): MetricFamily {
  return { name, type: "counter", help: `${help} ${OWN}`, series };
}
