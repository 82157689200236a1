import { expect, it } from "vitest";
import type { Figures } from "../domain/figures.ts";
import type { Vitals } from "../engine/insight/vitals.ts";
import { figureFamilies } from "./figure-families.ts";
import { textOfFamilies } from "./metric-family.ts";
import { processFamilies } from "./process-families.ts";

// Each figure is another number, so that none stands for another.
const FIGURES: Figures = {
  databaseBytes: 101,
  topics: [
    { topic: "orders", head: 102, retained: 103, bytes: 104, maxBytes: 105, isHeldUp: true },
    { topic: "calls", head: 106, retained: 107, bytes: 108, maxBytes: null, isHeldUp: false },
  ],
  consumers: [
    { id: 7, consumer: "billing", members: 109, isPaused: true, isHalted: false, isBreakerOpen: false },
    { id: 8, consumer: "mail", members: 110, isPaused: false, isHalted: true, isBreakerOpen: false },
    { id: 9, consumer: "audit", members: 111, isPaused: false, isHalted: false, isBreakerOpen: true },
  ],
  subscriptions: [
    { consumer: "billing", topic: "orders", lag: 112, matchingLag: 113, lagSeconds: 114.5, settled: 115, failed: 116 },
    { consumer: "mail", topic: "calls", lag: 117, matchingLag: null, lagSeconds: 118, settled: 119, failed: 120 },
  ],
  parked: [
    {
      consumer: "billing",
      topic: "orders",
      counts: { retrying: 121, dead: 122, blocked: 123, discarded: 124 },
      oldestSeconds: 125,
    },
  ],
  operations: [
    { consumer: "billing", kind: "redrive", status: "running", count: 126, total: 127, done: 128, failed: 129 },
  ],
  leftOut: { topics: 130, consumers: 131, subscriptions: 132, parkedEvents: 133 },
};

const VITALS: Vitals = {
  connections: { used: 201, idle: 202, waiting: 203 },
  members: 204,
  inFlight: 205,
  inFlightOf: new Map([
    [7, 206],
    [99, 207],
  ]),
  attemptsOf: new Map([
    [8, { ack: 208, retry: 209, "dead-letter": 210, skip: 211 }],
    [99, { ack: 212, retry: 213, "dead-letter": 214, skip: 215 }],
  ]),
  settlementsQueued: 216,
  eventsQueued: 217,
  wakeups: { sent: 218, received: 219, isListening: true },
};

const linesOf = (text: string) => text.split("\n").filter((it) => it !== "" && !it.startsWith("#"));

it("every figure of the database is told under its name, with the labels of what it speaks of", async () => {
  const text = await textOfFamilies(figureFamilies(FIGURES));
  expect(linesOf(text)).toEqual([
    'millrace_topic_published_events_total{topic="orders"} 102',
    'millrace_topic_published_events_total{topic="calls"} 106',
    'millrace_topic_retained_events{topic="orders"} 103',
    'millrace_topic_retained_events{topic="calls"} 107',
    'millrace_topic_bytes{topic="orders"} 104',
    'millrace_topic_bytes{topic="calls"} 108',
    'millrace_topic_retention_max_bytes{topic="orders"} 105',
    'millrace_topic_retention_held_up{topic="orders"} 1',
    'millrace_topic_retention_held_up{topic="calls"} 0',
    'millrace_consumer_members{consumer="billing"} 109',
    'millrace_consumer_members{consumer="mail"} 110',
    'millrace_consumer_members{consumer="audit"} 111',
    'millrace_consumer_paused{consumer="billing"} 1',
    'millrace_consumer_paused{consumer="mail"} 0',
    'millrace_consumer_paused{consumer="audit"} 0',
    'millrace_consumer_halted{consumer="billing"} 0',
    'millrace_consumer_halted{consumer="mail"} 1',
    'millrace_consumer_halted{consumer="audit"} 0',
    'millrace_consumer_breaker_open{consumer="billing"} 0',
    'millrace_consumer_breaker_open{consumer="mail"} 0',
    'millrace_consumer_breaker_open{consumer="audit"} 1',
    'millrace_consumer_lag_events{consumer="billing",topic="orders"} 112',
    'millrace_consumer_lag_events{consumer="mail",topic="calls"} 117',
    'millrace_consumer_matching_lag_events{consumer="billing",topic="orders"} 113',
    'millrace_consumer_lag_seconds{consumer="billing",topic="orders"} 114.5',
    'millrace_consumer_lag_seconds{consumer="mail",topic="calls"} 118',
    'millrace_consumer_settled_total{consumer="billing",topic="orders"} 115',
    'millrace_consumer_settled_total{consumer="mail",topic="calls"} 119',
    'millrace_consumer_failures_total{consumer="billing",topic="orders"} 116',
    'millrace_consumer_failures_total{consumer="mail",topic="calls"} 120',
    'millrace_consumer_parked_events{consumer="billing",topic="orders",state="retrying"} 121',
    'millrace_consumer_parked_events{consumer="billing",topic="orders",state="dead"} 122',
    'millrace_consumer_parked_events{consumer="billing",topic="orders",state="blocked"} 123',
    'millrace_consumer_parked_events{consumer="billing",topic="orders",state="discarded"} 124',
    'millrace_consumer_parked_oldest_age_seconds{consumer="billing",topic="orders"} 125',
    'millrace_consumer_operations{consumer="billing",kind="redrive",status="running"} 126',
    'millrace_consumer_operation_events{consumer="billing",kind="redrive",status="running"} 127',
    'millrace_consumer_operation_done_events{consumer="billing",kind="redrive",status="running"} 128',
    'millrace_consumer_operation_failed_events{consumer="billing",kind="redrive",status="running"} 129',
    "millrace_database_bytes 101",
    'millrace_metrics_left_out{kind="topics"} 130',
    'millrace_metrics_left_out{kind="consumers"} 131',
    'millrace_metrics_left_out{kind="subscriptions"} 132',
    'millrace_metrics_left_out{kind="parked_events"} 133',
  ]);
});

it("what a process has in hand is told of the consumers that the page speaks of, and of no other", async () => {
  const reading = { isDatabaseUp: true, figures: FIGURES, ageSeconds: 220 };
  const text = await textOfFamilies(processFamilies(reading, VITALS));
  expect(linesOf(text)).toEqual([
    "millrace_database_up 1",
    "millrace_figures_age_seconds 220",
    'millrace_database_connections{state="used"} 201',
    'millrace_database_connections{state="idle"} 202',
    "millrace_database_waiting 203",
    "millrace_members 204",
    "millrace_deliveries_in_flight 205",
    'millrace_consumer_deliveries_in_flight{consumer="billing"} 206',
    'millrace_consumer_attempts_total{consumer="mail",outcome="ack"} 208',
    'millrace_consumer_attempts_total{consumer="mail",outcome="retry"} 209',
    'millrace_consumer_attempts_total{consumer="mail",outcome="dead-letter"} 210',
    'millrace_consumer_attempts_total{consumer="mail",outcome="skip"} 211',
    "millrace_settlements_queued 216",
    "millrace_events_queued 217",
    "millrace_wakeups_listening 1",
    "millrace_wakeups_sent_total 218",
    "millrace_wakeups_received_total 219",
  ]);
});

it("without figures nothing is told of a consumer, nor an age of what is not there", async () => {
  const reading = { isDatabaseUp: false, figures: null, ageSeconds: 0 };
  const lines = linesOf(await textOfFamilies(processFamilies(reading, VITALS)));
  expect(lines).toContain("millrace_database_up 0");
  expect(lines.filter((it) => /consumer|figures_age/.test(it))).toEqual([]);
});
