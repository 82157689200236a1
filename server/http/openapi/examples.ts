const TOPIC = {
  topic: "payments",
  description: "What was paid",
  retention: null,
  createdAt: "2026-11-20T21:00:00.000Z",
  head: 12430,
  tail: 1,
  bytes: 3182080,
  firstRecordedAt: "2026-11-20T21:00:00.000Z",
  lastRecordedAt: "2026-11-20T21:42:10.120Z",
};

const CONSUMER = {
  consumer: "billing",
  status: "healthy",
  why: "30 events behind, the oldest 1.8 s old.",
  pause: null,
  parked: { retrying: 1, dead: 2, blocked: 14, discarded: 0 },
  topics: [
    {
      topic: "payments",
      types: ["payment.succeeded"],
      start: "earliest",
      position: 12400,
      head: 12430,
      lag: 30,
      lagMs: 1840,
      partitions: [
        { partition: 0, position: 12400, epoch: 3, member: "billing-1", expiresAt: "2026-11-20T21:42:25.000Z" },
      ],
    },
  ],
  partitions: 1,
  ordering: "key",
  retry: {
    maxAttempts: 5,
    backoff: { initialMs: 1000, factor: 2, maxMs: 300000, jitter: 0.2 },
    permanentErrors: [],
  },
  maxInFlight: 256,
  ackTimeoutMs: 30000,
  members: [
    {
      member: "billing-1",
      connectedAt: "2026-11-20T21:00:05.000Z",
      expiresAt: "2026-11-20T21:42:25.000Z",
      partitions: [0],
    },
  ],
  createdAt: "2026-11-20T21:00:00.000Z",
  updatedAt: "2026-11-20T21:00:00.000Z",
};

const TARGET = { to: "time", time: "2026-11-20T21:30:00.000Z" };
const CHANGES = [
  {
    topic: "payments",
    from: 12400,
    to: 9000,
    rerun: 3400,
    skip: 0,
    firstEvent: { offset: 9001, recordedAt: "2026-11-20T21:30:00.012Z", type: "payment.succeeded" },
    lastEvent: { offset: 12400, recordedAt: "2026-11-20T21:42:09.870Z", type: "payment.succeeded" },
  },
];
const CHANGE = {
  id: "1f0c5a0e-7a53-4d3c-9d55-0f0e7b4f2a11",
  actor: "person:ada@example.org",
  reason: "The tax rate was wrong since 21:30",
  appliedAt: "2026-11-20T21:45:00.000Z",
  target: TARGET,
  changes: CHANGES,
  parked: "keep",
  state: "keep",
  undoOf: null,
  undoneBy: null,
};
const UNDO = {
  ...CHANGE,
  id: "5c0d9f6e-4f0b-4c55-9f9f-0d5c4d1f7a02",
  reason: "The rate was right after all",
  appliedAt: "2026-11-20T21:52:00.000Z",
  changes: CHANGES.map((it) => ({ ...it, from: it.to, to: it.from, rerun: 0, skip: 3400 })),
  undoOf: CHANGE.id,
};
const ENTRY = { key: "paid:order-1", value: { amount: 1.1 }, version: 2, updatedAt: "2026-11-20T21:42:10.120Z" };

/** By operation. Checked against the schemas by a test. */
export const EXAMPLES: Record<string, { readonly request?: unknown; readonly response: unknown }> = {
  "topics-list": { response: { topics: [TOPIC] } },
  "topics-get": { response: TOPIC },
  "topics-declare": { request: { description: "What was paid" }, response: TOPIC },
  "consumers-list": { response: { consumers: [CONSUMER] } },
  "consumers-get": { response: CONSUMER },
  "consumers-declare": {
    request: { topics: [{ topic: "payments", types: ["payment.succeeded"], start: "earliest" }] },
    response: CONSUMER,
  },
  "positions-plan": {
    request: { target: TARGET },
    response: {
      id: "7f2b1c9e-0d7c-4a57-8a43-5a8e3c1d9b20",
      token: "b1946ac92492d234",
      expiresAt: "2026-11-20T22:00:00.000Z",
      target: TARGET,
      changes: CHANGES,
      parked: { action: "keep", counts: { retrying: 1, dead: 2, blocked: 14, discarded: 0 } },
      state: { action: "keep", entries: 310 },
      members: ["billing-1"],
      estimatedMs: 8500,
    },
  },
  "positions-applyPlan": {
    request: {
      planId: "7f2b1c9e-0d7c-4a57-8a43-5a8e3c1d9b20",
      token: "b1946ac92492d234",
      reason: "The tax rate was wrong since 21:30",
    },
    response: CHANGE,
  },
  "positions-undo": { request: { reason: "The rate was right after all" }, response: UNDO },
  "positions-list": { response: { changes: [CHANGE] } },
  "state-get": { response: ENTRY },
  "state-list": { response: { entries: [ENTRY], next: null } },
};
