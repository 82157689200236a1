// biome-ignore-all lint/style/noExcessiveLinesPerFile: one table of examples, a row for each operation
const TOPIC = {
  topic: "payments",
  description: "What was paid",
  retention: null,
  heldUp: null,
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
  why: "30 events wait, the oldest for 2 s",
  pause: null,
  failing: null,
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
      matching: { count: 12, isExact: true },
      holdsUp: null,
      partitions: [
        { partition: 0, position: 12400, epoch: 3, member: "billing-1", expiresAt: "2026-11-20T21:42:25.000Z" },
      ],
    },
  ],
  removedTopics: [],
  partitions: 1,
  ordering: "key",
  retry: {
    maxAttempts: 5,
    backoff: { initialMs: 1000, factor: 2, maxMs: 300000, jitter: 0.2 },
    permanentErrors: [],
  },
  breaker: { failureShare: 0.9, minSettlements: 20, windowMs: 30000, probeMinMs: 5000, probeMaxMs: 300000 },
  maxInFlight: 256,
  ackTimeoutMs: 30000,
  reconnectGraceMs: 5000,
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

const IN_BIN = {
  id: "6b0f3d52-6d1e-4a57-8f3b-0a5f2f2c9a10",
  kind: "consumer",
  name: "billing",
  removedAt: "2026-11-20T22:00:00.000Z",
  removedBy: "person:ada@example.org",
  reason: "billing-v2 has taken over",
  holds: {
    consumers: [],
    topics: ["payments"],
    unnamed: 0,
    members: 2,
    followers: 0,
    parked: 17,
    stateEntries: 120,
    events: 0,
    bytes: 0,
  },
  purgeAt: "2026-11-27T22:00:00.000Z",
  isPurging: false,
  purged: 0,
};
const REMOVAL = {
  token: "q8Yw1m3o5v7x9zBdFhJlNpRtVxZ0246802468ACEGIKM",
  holds: {
    consumers: ["billing"],
    topics: [],
    unnamed: 0,
    members: 2,
    followers: 0,
    parked: 17,
    stateEntries: 0,
    events: 12430,
    bytes: 3182080,
  },
  binDays: 7,
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

const PARKED_ERROR = {
  name: "UnknownAccount",
  message: "account acct-91 is not known here",
  stack: "UnknownAccount: account acct-91 is not known here\n    at book (ledger.ts:42:11)",
};
const LETTER = {
  topic: "payments",
  offset: 12001,
  key: "acct-91",
  type: "payment.succeeded",
  state: "dead",
  attempt: 5,
  attemptsMax: 5,
  dueAt: null,
  error: PARKED_ERROR,
  fingerprint: "9f86d081884c7d65",
  parkedAt: "2026-11-20T21:40:00.000Z",
  failedAt: "2026-11-20T21:41:30.000Z",
  operation: null,
  discarded: null,
};
const OPERATION = {
  id: "0d1f4c9a-5b0e-4d52-9b7c-6f7a1b2c3d4e",
  consumer: "billing",
  kind: "redrive",
  status: "running",
  total: 120,
  done: 40,
  ok: 38,
  failed: 1,
  rate: 20,
  ratePerSecond: 19.8,
  etaMs: 4040,
  actor: "person:ada@example.org",
  reason: "The account is known now",
  filter: { fingerprint: "9f86d081884c7d65" },
  canary: true,
  stopAfterFailures: 5,
  note: null,
  createdAt: "2026-11-20T21:50:00.000Z",
  startedAt: "2026-11-20T21:50:00.200Z",
  finishedAt: null,
};
const NONE = { count: 0, ranges: [] };
const ACCOUNT = {
  consumer: "billing",
  topic: "payments",
  head: 12430,
  settled: { count: 12383 },
  filtered: NONE,
  inFlight: { count: 4, ranges: [[12401, 12404]] },
  retrying: { count: 1, ranges: [[12311, 12311]] },
  dead: {
    count: 2,
    ranges: [
      [12001, 12001],
      [12120, 12120],
    ],
  },
  blocked: { count: 14, ranges: [[12009, 12022]] },
  discarded: NONE,
  skipped: [],
  beforeStart: NONE,
  pending: { count: 26, ranges: [[12405, 12430]] },
  expired: NONE,
  total: 12430,
};
const PAUSED = {
  ...CONSUMER,
  status: "paused",
  why: "paused by person:ada@example.org: the bank is away",
  pause: {
    kind: "operator",
    reason: "the bank is away",
    by: "person:ada@example.org",
    since: "2026-11-20T21:43:00.000Z",
    until: null,
  },
};

const ALERT_RULE_DECLARATION = {
  description: "A consumer is more than five minutes behind.",
  measure: "lag-seconds",
  above: 300,
  forSeconds: 300,
  pattern: "*",
  severity: "page",
  isEnabled: true,
};
const ALERT_RULE = {
  name: "behind",
  ...ALERT_RULE_DECLARATION,
  changedBy: "person:ada@example.org",
  changedAt: "2026-11-20T21:00:00.000Z",
};
const ALERT = {
  id: "7b1f6a52-3a0c-4c53-8f0b-2d4f1a9c6e10",
  place: 17,
  state: "new",
  rule: ALERT_RULE.name,
  severity: "page",
  measure: "lag-seconds",
  above: 300,
  subject: { kind: "consumer", name: "billing" },
  since: "2026-11-20T21:15:00.000Z",
  openedAt: "2026-11-20T21:20:00.000Z",
  value: 612.4,
  worst: 912.4,
  acknowledged: null,
  over: null,
};
const ACKNOWLEDGED = {
  ...ALERT,
  state: "acknowledged",
  acknowledged: { at: "2026-11-20T21:22:31.000Z", by: "person:ada@example.org", note: "The bank is called" },
};

const SEQUENCE = {
  response: {
    consumer: "billing",
    topic: "payments",
    key: "acct-91",
    head: LETTER,
    attempts: [
      {
        offset: 12001,
        attempt: 1,
        at: "2026-11-20T21:40:00.000Z",
        member: "billing-1",
        outcome: "retry",
        error: PARKED_ERROR,
      },
    ],
    followers: [
      { ...LETTER, offset: 12009, state: "blocked", attempt: 0, error: null, fingerprint: null, failedAt: null },
    ],
    followerCount: 1,
    discarded: [],
  },
};

/** By operation. Checked against the schemas by a test. */
const KEY = {
  id: "0f4a6f0e-8f0b-4c58-9a86-8c7e0e8f7b11",
  name: "billing-worker",
  prefix: "Xk3bq9Zt",
  scopes: [
    { action: "consume", pattern: "billing", on: "consumers" },
    { action: "read", pattern: "payments.*" },
  ],
  createdBy: "person:ada@example.org",
  createdAt: "2026-11-20T21:00:00.000Z",
  expiresAt: null,
  revokedAt: null,
  lastUsedAt: "2026-11-20T21:42:10.120Z",
  previousUntil: null,
};
const SECRET = "mr_Xk3bq9Zt_…";

const ROLE = {
  name: "payments-team",
  description: "Operates what has to do with payments.",
  scopes: [
    { action: "read", pattern: "*" },
    { action: "operate", pattern: "payments.*" },
  ],
  isFixed: false,
};

const PERSON = {
  id: "3e1d7c52-53c8-4b5f-8f0f-2b2a3f4d5e6f",
  name: "Ada",
  email: "ada@example.org",
  roles: ["viewer", "payments-team"],
  createdAt: "2026-11-20T21:00:00.000Z",
};

export const EXAMPLES: Record<string, { readonly request?: unknown; readonly response: unknown }> = {
  "topics-remove": { response: { ...REMOVAL, removed: null } },
  "consumers-remove": {
    response: { ...REMOVAL, holds: IN_BIN.holds, removed: IN_BIN },
  },
  "bin-list": { response: { binDays: 7, entries: [IN_BIN] } },
  "bin-restore": {
    request: { as: "billing-old", reason: "it was needed after all" },
    response: { kind: "consumer", name: "billing-old" },
  },
  "bin-configure": { request: { binDays: 14, reason: "a longer way back" }, response: { binDays: 14, entries: [] } },
  "topics-list": { response: { topics: [TOPIC] } },
  "topics-get": { response: TOPIC },
  "topics-declare": {
    request: { description: "What was paid" },
    response: { ...TOPIC, created: false, changed: ["description"] },
  },
  "consumers-list": { response: { consumers: [CONSUMER] } },
  "consumers-get": { response: CONSUMER },
  "consumers-declare": {
    request: { topics: [{ topic: "payments", types: ["payment.succeeded"], start: "earliest" }] },
    response: { ...CONSUMER, created: true, changed: [] },
  },
  "consumers-pause": { request: { reason: "the bank is away" }, response: PAUSED },
  "consumers-resume": { request: { reason: "the bank is back" }, response: CONSUMER },
  "parked-list": { response: { events: [LETTER], next: "1-12001" } },
  "parked-groups": {
    response: {
      groups: [
        {
          consumer: "billing",
          fingerprint: "9f86d081884c7d65",
          count: 120,
          dead: 118,
          retrying: 2,
          sequencesBlocked: 14,
          eventsBehind: 212,
          firstAt: "2026-11-20T21:31:00.000Z",
          lastAt: "2026-11-20T21:41:30.000Z",
          sample: { topic: "payments", offset: 12001, key: "acct-91", type: "payment.succeeded", error: PARKED_ERROR },
        },
      ],
    },
  },
  "parked-sequence": SEQUENCE,
  "parked-sequenceByKey": SEQUENCE,
  "parked-redrive": {
    request: {
      filter: { fingerprint: "9f86d081884c7d65" },
      canary: true,
      rate: 20,
      stopAfterFailures: 5,
      reason: "The account is known now",
    },
    response: OPERATION,
  },
  "parked-discard": {
    request: { filter: { topic: "payments", offset: 12001 }, reason: "A test that went to production" },
    response: { ...OPERATION, kind: "discard", total: 1, done: 1, ok: 1, failed: 0, canary: false },
  },
  "parked-restore": {
    request: { filter: { all: true }, reason: "Discarded by mistake" },
    response: { ...OPERATION, kind: "restore", canary: false },
  },
  "parked-replay": {
    request: {
      topic: "payments",
      fromTime: "2026-11-20T21:00:00.000Z",
      keys: ["acct-91"],
      reason: "The total was lost",
    },
    response: {
      ...OPERATION,
      kind: "replay",
      filter: { topic: "payments", fromTime: "2026-11-20T21:00:00.000Z", keys: ["acct-91"] },
      canary: false,
    },
  },
  "parked-facets": {
    response: {
      states: { retrying: 2, dead: 118, blocked: 212, discarded: 0 },
      topics: [{ value: "payments", count: 120 }],
      types: [{ value: "payment.succeeded", count: 120 }],
      keys: [{ value: "acct-91", count: 1 }],
      redrivable: 118,
      discardable: 332,
      restorable: 0,
    },
  },
  "accounts-get": { response: { accounts: [ACCOUNT] } },
  "accounts-fates": {
    response: {
      topic: "payments",
      offset: 12001,
      fates: [
        {
          consumer: "billing",
          fate: "dead",
          detail: "dead after 5 attempts; 14 events wait behind it",
          partition: 0,
          attempt: 5,
          dueAt: null,
          member: null,
          behind: null,
          parked: "dead",
          change: null,
        },
      ],
    },
  },
  "accounts-consumerHistory": {
    response: {
      consumer: "billing",
      resolutionMs: 10000,
      points: [
        {
          at: "2026-11-20T21:42:10.000Z",
          topic: "payments",
          lag: 30,
          lagMs: 1840,
          settledPerSecond: 98.5,
          failedPerSecond: 0.2,
          parked: 17,
        },
      ],
    },
  },
  "accounts-topicHistory": {
    response: {
      topic: "payments",
      resolutionMs: 10000,
      points: [{ at: "2026-11-20T21:42:10.000Z", head: 12430, bytes: 3182080, publishedPerSecond: 101.2 }],
    },
  },
  "accounts-processed": { response: { processed: true } },
  "accounts-wait": { response: { processed: true, position: 12400, waitedMs: 41 } },
  "operations-list": { response: { operations: [OPERATION] } },
  "operations-get": { response: OPERATION },
  "operations-pause": { response: { ...OPERATION, status: "paused" } },
  "operations-resume": { response: { ...OPERATION, status: "queued" } },
  "operations-abort": { response: { ...OPERATION, status: "aborted", finishedAt: "2026-11-20T21:50:04.000Z" } },
  "operations-changeRate": { request: { rate: 50 }, response: { ...OPERATION, rate: 50 } },
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
  "apiKeys-list": { response: { keys: [KEY] } },
  "apiKeys-create": { request: { name: KEY.name, scopes: KEY.scopes }, response: { key: KEY, secret: SECRET } },
  "apiKeys-rotate": {
    request: { overlapMs: 3_600_000 },
    response: { key: { ...KEY, previousUntil: "2026-11-20T22:42:10.000Z" }, secret: SECRET },
  },
  "apiKeys-revoke": { response: { ...KEY, revokedAt: "2026-11-20T21:50:04.000Z" } },
  "roles-list": { response: { roles: [ROLE] } },
  "roles-put": { request: { description: ROLE.description, scopes: ROLE.scopes }, response: ROLE },
  "roles-delete": { response: { deleted: ROLE.name } },
  "roles-people": { response: { people: [PERSON] } },
  "roles-assign": { request: { roles: PERSON.roles }, response: PERSON },
  "alerts-list": { response: { alerts: [ALERT], next: null } },
  "alerts-acknowledge": { request: { note: "The bank is called" }, response: ACKNOWLEDGED },
  "alerts-rules": { response: { rules: [ALERT_RULE] } },
  "alerts-putRule": { request: ALERT_RULE_DECLARATION, response: ALERT_RULE },
  "alerts-deleteRule": { response: { deleted: ALERT_RULE.name } },
  "alerts-preview": {
    request: { measure: "lag-seconds", above: 300, forSeconds: 300, pattern: "*" },
    response: {
      count: 1,
      subjects: 12,
      isWhole: true,
      alerts: [
        { subject: "billing", openedAt: "2026-11-20T21:20:00.000Z", overAt: "2026-11-20T21:34:10.000Z", worst: 912.4 },
      ],
    },
  },
  "state-get": { response: ENTRY },
  "state-list": { response: { entries: [ENTRY], next: null } },
};
