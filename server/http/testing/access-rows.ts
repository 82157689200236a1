/**
 * Who may do what, as one table: a row for every operation that the OpenAPI document describes, and for every procedure
 * that has no REST form. `access-table.test.ts` walks it, and fails for an operation or a procedure without a row.
 *
 * The topic is `orders`, the consumer that reads it `mail`.
 */

/** API keys: one action on all names, every action on one name, every action on everything. */
export const KEYS = {
  publish: ["publish *"],
  read: ["read *"],
  consume: ["consume *"],
  operate: ["operate *"],
  administer: ["administer *"],
  consumerOnly: ["publish mail", "read mail", "consume mail", "operate mail", "administer mail"],
  topicOnly: ["publish orders", "read orders", "consume orders", "operate orders", "administer orders"],
  onTopics: ["publish * topics", "read * topics", "consume * topics", "operate * topics", "administer * topics"],
  onConsumers: [
    "publish * consumers",
    "read * consumers",
    "consume * consumers",
    "operate * consumers",
    "administer * consumers",
  ],
  elsewhere: ["publish zz*", "read zz*", "consume zz*", "operate zz*", "administer zz*", "read order", "read orders.*"],
  operator: ["publish *", "read *", "operate *"],
  all: ["publish *", "read *", "consume *", "operate *", "administer *"],
} as const;
export type KeyName = keyof typeof KEYS;

/** Keys that are admitted; every other one is refused with 403. */
const TOPIC_READ: readonly KeyName[] = ["read", "topicOnly", "onTopics", "operator", "all"];
const TOPIC_PUBLISH: readonly KeyName[] = ["publish", "topicOnly", "onTopics", "operator", "all"];
const TOPIC_OPERATE: readonly KeyName[] = ["operate", "topicOnly", "onTopics", "operator", "all"];
const CONSUMER_READ: readonly KeyName[] = ["read", "consumerOnly", "onConsumers", "operator", "all"];
const CONSUMER_CONSUME: readonly KeyName[] = ["consume", "consumerOnly", "onConsumers", "all"];
const CONSUMER_OPERATE: readonly KeyName[] = ["operate", "consumerOnly", "onConsumers", "operator", "all"];
const CONSUMER_READ_OR_CONSUME: readonly KeyName[] = [
  "read",
  "consume",
  "consumerOnly",
  "onConsumers",
  "operator",
  "all",
];
/** What shows events, or words about them, through a consumer: leave on the consumer and to read its topic. */
const BOTH_READ: readonly KeyName[] = ["read", "operator", "all"];
const CONSUME_AND_READ: readonly KeyName[] = ["all"];
const OPERATE_AND_READ: readonly KeyName[] = ["operator", "all"];

/** Of the installation: all names of every kind. */
const READ_ALL: readonly KeyName[] = ["read", "operator", "all"];
const OPERATE_ALL: readonly KeyName[] = ["operate", "operator", "all"];
/** Roles and people; a key of the topic's name alone. */
const ADMINISTER_ALL: readonly KeyName[] = ["administer", "all"];
const ADMINISTER_TOPIC: readonly KeyName[] = ["administer", "topicOnly", "onTopics", "all"];
/** Lists hold what the key may read, and are empty for a key that may read nothing. */
const EVERY_KEY = Object.keys(KEYS) as KeyName[];

export interface RestRow {
  readonly admits: readonly KeyName[];
  /** The status for whoever is admitted; 409, 404 and 400 where the request is one that changes nothing. */
  readonly answer: number;
  /** Statuses that are not 403 for a key that is not admitted. */
  readonly instead?: Partial<Record<KeyName, number>>;
  /** Answers without a key as with one. A key that is none is refused with 401 where `checksKey` is said. */
  readonly open?: "always" | "checks-key";
  readonly query?: string;
  readonly body?: object;
  /** `text/event-stream` is asked for. */
  readonly isStream?: boolean;
}

const reason = "for the table";
const NOTHING_PARKED = { filter: { topic: "orders", key: "no-such" }, reason };
/** Of an operation: a key that may do nothing to its consumer is not told that it exists. */
const UNSEEN = { elsewhere: 404, topicOnly: 404, onTopics: 404 };
/** Of a topic in the bin: a key that may do nothing to it is not told that it exists. */
const UNSEEN_TOPIC = { elsewhere: 404, consumerOnly: 404, onConsumers: 404 };
/** Of an alert: who may not read what it is about is not told that it exists. */
const UNREAD = Object.fromEntries(EVERY_KEY.filter((it) => !CONSUMER_READ.includes(it)).map((it) => [it, 404]));
/** Of a key: who does not administer its names is not told that it exists. */
const NO_SUCH_KEY = Object.fromEntries(EVERY_KEY.map((it) => [it, 404]));
const READ_ORDERS = { action: "read", pattern: "orders", on: "topics" };
const NO_ID = "00000000-0000-4000-8000-000000000000";

export const REST_ROWS: Readonly<Record<string, RestRow | readonly RestRow[]>> = {
  "GET /healthz": { admits: EVERY_KEY, answer: 200, open: "always" },
  "GET /readyz": { admits: EVERY_KEY, answer: 200, open: "always" },
  "GET /metrics": { admits: EVERY_KEY, answer: 200, open: "always" },
  "GET /openapi.json": { admits: EVERY_KEY, answer: 200, open: "checks-key" },

  "GET /topics": { admits: EVERY_KEY, answer: 200 },
  "GET /topics/{topic}": { admits: TOPIC_READ, answer: 200 },
  "PUT /topics/{topic}": { admits: TOPIC_OPERATE, answer: 200, body: {} },
  // Without what the dry run answers, nothing is removed.
  "DELETE /topics/{topic}": [
    { admits: TOPIC_OPERATE, answer: 200, query: "dryRun=true" },
    { admits: TOPIC_OPERATE, answer: 400, query: "reason=r" },
  ],
  "GET /topics/{topic}/history": { admits: TOPIC_READ, answer: 200 },
  "POST /topics/{topic}/events": { admits: TOPIC_PUBLISH, answer: 201, body: { type: "t" } },
  "GET /topics/{topic}/events": [
    { admits: TOPIC_READ, answer: 200 },
    { admits: TOPIC_READ, answer: 200, isStream: true, query: "from=latest" },
  ],
  "GET /topics/{topic}/events/{offset}": { admits: TOPIC_READ, answer: 200 },
  "GET /topics/{topic}/events/{offset}/deliveries": { admits: TOPIC_READ, answer: 200 },

  "GET /consumers": { admits: EVERY_KEY, answer: 200 },
  "GET /consumers/{consumer}": { admits: CONSUMER_READ_OR_CONSUME, answer: 200 },
  "PUT /consumers/{consumer}": [
    { admits: OPERATE_AND_READ, answer: 200, body: { topics: [{ topic: "orders" }] } },
    { admits: CONSUMER_OPERATE, answer: 200, body: { ordering: "key" } },
    // A name that is taken: nothing is copied.
    {
      admits: OPERATE_AND_READ,
      answer: 409,
      body: { copyFrom: "mail" },
    },
  ],
  "DELETE /consumers/{consumer}": [
    { admits: CONSUMER_OPERATE, answer: 200, query: "dryRun=true" },
    { admits: CONSUMER_OPERATE, answer: 400, query: "reason=r" },
  ],
  "POST /consumers/{consumer}/pause": { admits: CONSUMER_OPERATE, answer: 200, body: { reason } },
  "POST /consumers/{consumer}/resume": { admits: CONSUMER_OPERATE, answer: 200, body: { reason } },
  "GET /consumers/{consumer}/events": {
    admits: CONSUME_AND_READ,
    answer: 200,
    isStream: true,
    query: "member={caller}",
  },
  "POST /consumers/{consumer}/deliveries": { admits: CONSUME_AND_READ, answer: 200, body: { max: 1, waitMs: 0 } },
  "DELETE /consumers/{consumer}/members/{member}": { admits: CONSUMER_CONSUME, answer: 204 },
  "POST /consumers/{consumer}/settlements": {
    admits: CONSUMER_CONSUME,
    answer: 409,
    body: { settlements: [{ topic: "orders", partition: 0, epoch: 999_999, offset: 1, outcome: "ack" }] },
  },
  "GET /consumers/{consumer}/state": { admits: CONSUMER_READ_OR_CONSUME, answer: 200 },
  "GET /consumers/{consumer}/state/{key}": { admits: CONSUMER_READ_OR_CONSUME, answer: 404 },
  "GET /consumers/{consumer}/history": { admits: CONSUMER_READ, answer: 200 },
  "GET /consumers/{consumer}/processed": { admits: CONSUMER_READ, answer: 200, query: "topic=orders&offset=1" },
  "GET /consumers/{consumer}/positions/wait": {
    admits: CONSUMER_READ,
    answer: 200,
    query: "topic=orders&offset=1&timeoutMs=0",
  },
  "GET /consumers/{consumer}/account": { admits: BOTH_READ, answer: 200 },

  "POST /consumers/{consumer}/position-plans": [
    { admits: OPERATE_AND_READ, answer: 200, body: { target: { to: "earliest" } } },
    { admits: OPERATE_AND_READ, answer: 200, body: { target: { to: "before", topic: "orders", offset: 1 } } },
    { admits: OPERATE_AND_READ, answer: 400, body: { target: { to: "consumer", consumer: "no-such" } } },
  ],
  "POST /consumers/{consumer}/position-changes": {
    admits: OPERATE_AND_READ,
    answer: 404,
    body: { planId: NO_ID, token: "t", reason },
  },
  "POST /consumers/{consumer}/position-changes/{id}/undo": { admits: OPERATE_AND_READ, answer: 404, body: { reason } },
  "GET /consumers/{consumer}/position-changes": { admits: BOTH_READ, answer: 200 },

  "GET /consumers/{consumer}/parked": { admits: BOTH_READ, answer: 200 },
  "GET /consumers/{consumer}/parked/groups": { admits: BOTH_READ, answer: 200 },
  "GET /consumers/{consumer}/parked/facets": { admits: BOTH_READ, answer: 200 },
  "GET /consumers/{consumer}/sequences/{topic}/{key}": { admits: BOTH_READ, answer: 200 },
  "GET /consumers/{consumer}/sequences/{topic}": { admits: BOTH_READ, answer: 200, query: "key=k" },
  "POST /consumers/{consumer}/redrives": { admits: OPERATE_AND_READ, answer: 202, body: NOTHING_PARKED },
  "POST /consumers/{consumer}/discards": { admits: OPERATE_AND_READ, answer: 202, body: NOTHING_PARKED },
  "POST /consumers/{consumer}/restores": {
    admits: OPERATE_AND_READ,
    answer: 202,
    body: { ...NOTHING_PARKED, filter: { topic: "orders", key: "no-such", state: "discarded" } },
  },
  "POST /consumers/{consumer}/replays": {
    admits: OPERATE_AND_READ,
    answer: 400,
    body: { topic: "orders", fromOffset: 7, toOffset: 8, reason },
  },

  "GET /bin": { admits: EVERY_KEY, answer: 200 },
  "PUT /bin": { admits: OPERATE_ALL, answer: 200, body: { binDays: 7, reason } },
  // There is another topic of that name.
  "POST /bin/{id}/restore": {
    admits: TOPIC_OPERATE,
    answer: 409,
    instead: UNSEEN_TOPIC,
    body: { as: "orders", reason },
  },

  "GET /keys": { admits: EVERY_KEY, answer: 200 },
  "POST /keys": [
    { admits: ["topicOnly", "onTopics", "all"], answer: 201, body: { name: "k", scopes: [READ_ORDERS] } },
    // Wider than what a key of one name has.
    { admits: ["all"], answer: 201, body: { name: "k", scopes: [{ action: "read", pattern: "*" }] } },
  ],
  "POST /keys/{id}/rotate": { admits: ADMINISTER_TOPIC, answer: 200, instead: NO_SUCH_KEY, body: {} },
  "DELETE /keys/{id}": { admits: ADMINISTER_TOPIC, answer: 200, instead: NO_SUCH_KEY },
  "GET /roles": { admits: ADMINISTER_ALL, answer: 200 },
  // A role may allow no more than whoever writes it may do.
  "PUT /roles/{role}": { admits: ["all"], answer: 200, body: { scopes: [READ_ORDERS] } },
  "DELETE /roles/{role}": { admits: ADMINISTER_ALL, answer: 400 },
  "GET /people": { admits: ADMINISTER_ALL, answer: 200 },
  "PATCH /people/{id}": { admits: ADMINISTER_ALL, answer: 200, body: { roles: ["viewer"] } },

  "GET /alerts": { admits: EVERY_KEY, answer: 200 },
  "POST /alerts/{id}/acknowledge": {
    admits: ["consumerOnly", "onConsumers", "operator", "all"],
    answer: 200,
    instead: UNREAD,
    body: {},
  },
  "GET /alert-rules": { admits: READ_ALL, answer: 200 },
  "PUT /alert-rules/{rule}": {
    admits: OPERATE_ALL,
    answer: 200,
    body: { measure: "dead-letters", above: 0, forSeconds: 60, severity: "ticket" },
  },
  "DELETE /alert-rules/{rule}": { admits: OPERATE_ALL, answer: 404 },
  "POST /alert-rules/preview": {
    admits: READ_ALL,
    answer: 200,
    body: { measure: "dead-letters", above: 0, forSeconds: 60 },
  },

  "GET /operations": { admits: EVERY_KEY, answer: 200 },
  "GET /operations/{id}": { admits: CONSUMER_READ, answer: 200, instead: UNSEEN },
  "POST /operations/{id}/pause": { admits: CONSUMER_OPERATE, answer: 409, instead: UNSEEN },
  "POST /operations/{id}/resume": { admits: CONSUMER_OPERATE, answer: 409, instead: UNSEEN },
  "POST /operations/{id}/abort": { admits: CONSUMER_OPERATE, answer: 409, instead: UNSEEN },
  "PATCH /operations/{id}": { admits: CONSUMER_OPERATE, answer: 409, instead: UNSEEN, body: { rate: 1 } },
};

export interface ProcedureRow {
  /**
   * `anybody` needs no session; `everyone` needs one, whatever his roles. Else those whose roles allow what these keys
   * may do. An API key is nobody here.
   */
  readonly for: "anybody" | "everyone" | readonly KeyName[];
  /** The status for whoever is admitted. */
  readonly answer: number;
  readonly input?: object;
  /** Statuses that are not 403 for those who are not admitted. */
  readonly instead?: Partial<Record<KeyName, number>>;
}

/** Procedures without a REST form. Those that have one take the input of their REST row. */
export const PROCEDURE_ROWS: Readonly<Record<string, ProcedureRow>> = {
  "events.page": { for: TOPIC_READ, answer: 200, input: { topic: "orders" } },
  "events.get": { for: TOPIC_READ, answer: 200, input: { topic: "orders", offset: 1 } },
  "events.offsetBefore": { for: TOPIC_READ, answer: 200, input: { topic: "orders", time: "2026-01-01T00:00:00Z" } },
  "parked.allGroups": { for: "everyone", answer: 200 },
  "parked.replayPreview": {
    for: BOTH_READ,
    answer: 400,
    input: { consumer: "mail", topic: "orders", fromOffset: 7, toOffset: 8 },
  },
  "accounts.rates": { for: "everyone", answer: 200 },
  "audit.list": { for: "everyone", answer: 200, input: {} },
  "setup.status": { for: "anybody", answer: 200 },
  "setup.create": {
    for: "anybody",
    answer: 409,
    input: {
      token: "t",
      name: "n",
      email: "n@example.org",
      password: "a-long-password",
      environment: { name: "e", colour: "gray" },
    },
  },
  "session.current": { for: "anybody", answer: 200 },
  "system.info": { for: "everyone", answer: 200 },
  "overview.get": { for: "everyone", answer: 200 },
  live: { for: "everyone", answer: 200, input: { consumer: "mail" } },
};

/** Pages that a browser without a session is shown; every other one leads to the sign-in page. */
export const OPEN_PAGES = ["docs", "docs/[group]", "docs/problems", "login", "setup"] as const;
