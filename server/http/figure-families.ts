import type { Figures, ParkedFigures } from "../domain/figures.ts";
import type { MetricFamily, MetricSeries } from "./metric-family.ts";

const SHARED = "Every instance says the same: aggregate with max.";

/** What the database knows of topics, consumers and operations: the same from every instance. */
export function figureFamilies(figures: Figures): MetricFamily[] {
  return [
    ...topicFamilies(figures.topics),
    ...consumerFamilies(figures.consumers),
    ...subscriptionFamilies(figures.subscriptions),
    ...parkedFamilies(figures.parked),
    ...operationFamilies(figures.operations),
    gauge("millrace_database_bytes", "Size of the database on its disk.", [{ value: figures.databaseBytes }]),
    gauge("millrace_metrics_left_out", "Topics, consumers and so on beyond the bound of this page.", [
      { labels: { kind: "topics" }, value: figures.leftOut.topics },
      { labels: { kind: "consumers" }, value: figures.leftOut.consumers },
      { labels: { kind: "subscriptions" }, value: figures.leftOut.subscriptions },
      { labels: { kind: "parked_events" }, value: figures.leftOut.parkedEvents },
    ]),
  ];
}

function topicFamilies(topics: Figures["topics"]): MetricFamily[] {
  const each = seriesOf(topics, ({ topic }) => ({ topic }));
  return [
    counter(
      "millrace_topic_published_events_total",
      "Events of a topic since it was made; also the offset of its last event.",
      each((it) => it.head),
    ),
    gauge(
      "millrace_topic_retained_events",
      "Offsets of a topic that retention has not taken.",
      each((it) => it.retained),
    ),
    gauge(
      "millrace_topic_bytes",
      "Bytes of the events that a topic retains.",
      each((it) => it.bytes),
    ),
    gauge(
      "millrace_topic_retention_max_bytes",
      "Bound of the bytes of a topic, where its retention has one.",
      topics.flatMap(({ topic, maxBytes }) => (maxBytes === null ? [] : [{ labels: { topic }, value: maxBytes }])),
    ),
    gauge(
      "millrace_topic_retention_held_up",
      "1 while the oldest event is due to go, and stays for a consumer that has not settled it.",
      each((it) => Number(it.isHeldUp)),
    ),
  ];
}

function consumerFamilies(consumers: Figures["consumers"]): MetricFamily[] {
  const each = seriesOf(consumers, ({ consumer }) => ({ consumer }));
  return [
    gauge(
      "millrace_consumer_members",
      "Members of a consumer that have a session, at all instances.",
      each((it) => it.members),
    ),
    gauge(
      "millrace_consumer_paused",
      "1 while a consumer is paused, by an operator or because it halted.",
      each((it) => Number(it.isPaused)),
    ),
    gauge(
      "millrace_consumer_halted",
      "1 while a consumer that is ordered by topic has halted at an event that fails.",
      each((it) => Number(it.isHalted)),
    ),
    gauge(
      "millrace_consumer_breaker_open",
      "1 while the breaker is open, because nearly every delivery failed.",
      each((it) => Number(it.isBreakerOpen)),
    ),
  ];
}

function subscriptionFamilies(subscriptions: Figures["subscriptions"]): MetricFamily[] {
  const each = seriesOf(subscriptions, ({ consumer, topic }) => ({ consumer, topic }));
  return [
    gauge(
      "millrace_consumer_lag_events",
      "Events between the position of a consumer and the head of the topic.",
      each((it) => it.lag),
    ),
    gauge(
      "millrace_consumer_matching_lag_events",
      "Events of the lag that pass the filter of a consumer, as far as they are counted, up to 10000; all of them without a filter.",
      subscriptions.flatMap(({ consumer, topic, matchingLag }) =>
        matchingLag === null ? [] : [{ labels: { consumer, topic }, value: matchingLag }],
      ),
    ),
    gauge(
      "millrace_consumer_lag_seconds",
      "Age of the oldest event past the position of a consumer; 0 without one.",
      each((it) => it.lagSeconds),
    ),
    counter(
      "millrace_consumer_settled_total",
      "Events that a consumer is done with in their first turn: settled, or parked.",
      each((it) => it.settled),
    ),
    counter(
      "millrace_consumer_failures_total",
      "Deliveries of a consumer that failed, first and later ones.",
      each((it) => it.failed),
    ),
  ];
}

const STATES = ["retrying", "dead", "blocked", "discarded"] as const;

function parkedFamilies(parked: readonly ParkedFigures[]): MetricFamily[] {
  const counts = parked.flatMap(({ consumer, topic, counts }) =>
    STATES.map((state) => ({ labels: { consumer, topic, state }, value: counts[state] })),
  );
  const each = seriesOf(parked, ({ consumer, topic }) => ({ consumer, topic }));
  return [
    gauge("millrace_consumer_parked_events", "Parked events of a consumer by state; dead = dead letters.", counts),
    gauge(
      "millrace_consumer_parked_oldest_age_seconds",
      "How long ago the oldest event was parked that is not discarded; 0 without one.",
      each((it) => it.oldestSeconds),
    ),
  ];
}

function operationFamilies(operations: Figures["operations"]): MetricFamily[] {
  const each = seriesOf(operations, ({ consumer, kind, status }) => ({ consumer, kind, status }));
  return [
    gauge(
      "millrace_consumer_operations",
      "Operations that are queued, running or paused.",
      each((it) => it.count),
    ),
    gauge(
      "millrace_consumer_operation_events",
      "Events that open operations are about.",
      each((it) => it.total),
    ),
    gauge(
      "millrace_consumer_operation_done_events",
      "Events that open operations are done with.",
      each((it) => it.done),
    ),
    gauge(
      "millrace_consumer_operation_failed_events",
      "Events that failed again in open operations.",
      each((it) => it.failed),
    ),
  ];
}

function seriesOf<T>(rows: readonly T[], labelsOf: (row: T) => Record<string, string>) {
  return (figureOf: (row: T) => number): MetricSeries[] =>
    rows.map((row) => ({ labels: labelsOf(row), value: figureOf(row) }));
}

function gauge(name: string, help: string, series: readonly MetricSeries[]): MetricFamily {
  return { name, type: "gauge", help: `${help} ${SHARED}`, series };
}

function counter(name: string, help: string, series: readonly MetricSeries[]): MetricFamily {
  return { name, type: "counter", help: `${help} ${SHARED}`, series };
}
