import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { alertRuleDeclaration } from "../../contract/alerts.ts";
import type { Retention } from "../../contract/topics.ts";
import { allows } from "../../domain/access.ts";
import { retentionExcess } from "../../domain/retention-excess.ts";
import { deleteAlertRule, putAlertRule } from "../../services/alerts/alert-rules.ts";
import { acknowledgeAlert, listAlerts } from "../../services/alerts/alerts.ts";
import { previewAlertRule } from "../../services/alerts/preview-alert-rule.ts";
import { selectMeasures } from "../../store/alerts/measures-select.ts";
import { selectAlertRules } from "../../store/alerts/rule-table.ts";
import { insertSamples } from "../../store/insight/samples-insert.ts";
import { type TestDatabase, testDatabase } from "../../testing/test-database.ts";
import { createTopic, type Instance, openInstance, publish } from "../testing/consumer-rig.ts";
import { parkLetters } from "../testing/letters.ts";
import { watchAlerts } from "./alert-watch.ts";

const actor = { name: "person:ann", requestId: "r1" };
const topic = "orders";
const everybody = () => true;

let db: TestDatabase;
let a: Instance;
let topicId: number;
/** The full ten seconds at the beginning of the test. */
let now: number;

beforeEach(async () => {
  db = await testDatabase();
  a = openInstance(db.url);
  topicId = await createTopic(a.database, topic);
  await a.declare("billing", { topics: [{ topic, start: "earliest" }] });
  now = Math.floor(Date.now() / 10_000) * 10_000;
});
afterEach(async () => {
  await a.close("crashed");
  await db.drop();
});

const query = async <T extends object>(sql: string, values: unknown[] = []) =>
  (await a.database.pool.query<T>(sql, values)).rows;

const put = (name: string, rule: object) =>
  putAlertRule(a)({ name, declaration: alertRuleDeclaration.parse({ severity: "ticket", ...rule }), actor });

/** Samples of billing, ten seconds apart up to a time: of each the seconds that it lagged behind. */
async function sampleLags(upTo: number, lags: readonly number[], more: { failed?: number; paused?: boolean } = {}) {
  await query(
    `INSERT INTO consumer_sample (consumer_id, topic_id, resolution_s, at, lag, lag_ms, settled_count, failed_count,
       parked, members, is_paused)
     SELECT c.id, $1, 10, to_timestamp(($2::float8 - (cardinality($3::int[]) - n) * 10000) / 1000), 5, $3[n] * 1000, 0,
       $4 * n, 0, 0, $5
     FROM consumer c, generate_series(1, cardinality($3::int[])) AS n WHERE c.name = 'billing'`,
    [topicId, upTo, lags, more.failed ?? 0, more.paused ?? false],
  );
}

const timeOf = (ms: number) => new Date(ms).toISOString();
const times = (count: number, value: number) => Array.from({ length: count }, () => value);
const list = async () => (await listAlerts(a)({ limit: 100, may: everybody })).alerts;
const states = async () => (await list()).map((it) => [it.rule, it.state, it.over?.because ?? null]);

/** One rule alone. */
async function only(rule: object): Promise<void> {
  for (const { name } of await selectAlertRules(a.database.prisma)) await deleteAlertRule(a)({ name, actor });
  await put("mine", rule);
}

const behind = { measure: "lag-seconds", above: 60, forSeconds: 30 };

describe("an alert", () => {
  it("begins once, whichever instances look and however often, and is over when its measure has gone down", async () => {
    await only(behind);
    await sampleLags(now, [10, 61, 62, 90, 75]);
    await watchAlerts(a.database, now - 10_000);
    expect(await list()).toEqual([]);
    await Promise.all([a.database, db.open(), db.open()].map((it) => watchAlerts(it, now)));
    await watchAlerts(a.database, now);
    expect(await list()).toMatchObject([
      {
        ...{ state: "new", rule: "mine", severity: "ticket", measure: "lag-seconds", above: 60, value: 75, worst: 90 },
        subject: { kind: "consumer", name: "billing" },
        since: timeOf(now - 30_000),
        openedAt: timeOf(now),
        ...{ acknowledged: null, over: null },
      },
    ]);
    await sampleLags(now + 80_000, [200, ...times(7, 48)]);
    await watchAlerts(a.database, now + 70_000);
    expect(await states()).toEqual([["mine", "new", null]]);
    await watchAlerts(a.database, now + 80_000);
    expect(await list()).toMatchObject([
      { state: "over", worst: 200, over: { at: timeOf(now + 80_000), because: "cleared" } },
    ]);
  });

  it("is over when its rule is gone, off, or speaks of something else", async () => {
    await only({ ...behind, forSeconds: 0 });
    await sampleLags(now, [99]);
    for (const change of [
      { ...behind, forSeconds: 0, isEnabled: false },
      { ...behind, forSeconds: 0, pattern: "mail*" },
      { ...behind, forSeconds: 0, measure: "unattended-events" },
    ]) {
      await put("mine", { ...behind, forSeconds: 0 });
      await watchAlerts(a.database, now);
      expect((await states())[0]).toEqual(["mine", "new", null]);
      await put("mine", change);
      await watchAlerts(a.database, now);
      expect((await states()).find((it) => it[1] === "over")).toEqual(["mine", "over", "rule-changed"]);
      await query("DELETE FROM alert");
    }
    await put("mine", { ...behind, forSeconds: 0 });
    await watchAlerts(a.database, now);
    await deleteAlertRule(a)({ name: "mine", actor });
    await watchAlerts(a.database, now);
    expect(await states()).toEqual([["mine", "over", "rule-changed"]]);
  });

  it("is over when what it was about is gone", async () => {
    await only({ ...behind, forSeconds: 0 });
    await sampleLags(now, [99]);
    await watchAlerts(a.database, now);
    await query("UPDATE consumer SET removed_at = now()");
    await watchAlerts(a.database, now);
    expect(await states()).toEqual([["mine", "over", "subject-gone"]]);
  });

  it("is about the names that the rule means, and no others", async () => {
    await only({ ...behind, forSeconds: 0, pattern: "mail*" });
    await sampleLags(now, [99]);
    await watchAlerts(a.database, now);
    expect(await list()).toEqual([]);
  });

  it("of one who may not read what it is about is not there; who may not operate it does not acknowledge it", async () => {
    await only({ ...behind, forSeconds: 0 });
    await sampleLags(now, [99]);
    await watchAlerts(a.database, now);
    const [alert] = await list();
    const id = alert?.id ?? "";
    const reader = [{ action: "read", pattern: "mail" }] as const;
    const asReader = listAlerts(a)({ limit: 100, may: (action, target) => allows(reader, action, target) });
    expect(await asReader).toEqual({ alerts: [], next: null });
    const refuse = () => {
      throw new Error("refused");
    };
    const acknowledge = acknowledgeAlert(a);
    await expect(acknowledge({ id, actor, may: () => false, require: refuse })).rejects.toMatchObject({
      code: "not-found",
    });
    await expect(acknowledge({ id, actor, may: everybody, require: refuse })).rejects.toThrow("refused");
    const seen = { id, note: "on it", actor, may: everybody, require: () => undefined };
    expect(await acknowledge(seen)).toMatchObject({
      state: "acknowledged",
      acknowledged: { by: "person:ann", note: "on it" },
    });
    // The second one changes nothing.
    expect(await acknowledge({ ...seen, note: "me too" })).toMatchObject({ acknowledged: { note: "on it" } });
    const audit = await query("SELECT action, target, reason FROM audit_entry WHERE action LIKE 'alert.%'");
    expect(audit).toEqual([{ action: "alert.acknowledged", target: "consumer:billing", reason: "on it" }]);
  });

  it("pages by place, and holds each state", async () => {
    await query(
      `INSERT INTO alert (id, rule, severity, measure, above, subject_kind, subject, since, opened_at, value, worst,
         acknowledged_at, acknowledged_by, over_at, over_because)
       SELECT gen_random_uuid(), 'r' || n, 'page', 'halted', 0, 'consumer', CASE WHEN n % 2 = 0 THEN 'billing' ELSE 'mail' END,
         now(), now(), 1, 1, CASE WHEN n > 2 THEN now() END, CASE WHEN n > 2 THEN 'ann' END,
         CASE WHEN n > 4 THEN now() END, CASE WHEN n > 4 THEN 'cleared' END
       FROM generate_series(1, 7) n`,
    );
    const ask = async (more: object) => {
      const page = await listAlerts(a)({ limit: 100, may: everybody, ...more });
      return [page.alerts.map((it) => it.rule), page.next !== null] as const;
    };
    expect(await ask({ state: "open" })).toEqual([["r4", "r3", "r2", "r1"], false]);
    expect(await ask({ state: "new" })).toEqual([["r2", "r1"], false]);
    expect(await ask({ state: "acknowledged" })).toEqual([["r4", "r3"], false]);
    expect(await ask({ state: "over", limit: 2 })).toEqual([["r7", "r6"], true]);
    const first = await listAlerts(a)({
      limit: 2,
      may: (_, target) => target !== "installation" && "consumer" in target && target.consumer === "mail",
    });
    expect(first.alerts.map((it) => it.rule)).toEqual(["r7", "r5"]);
    expect(await ask({ before: first.next, limit: 3 })).toEqual([["r4", "r3", "r2"], true]);
  });
});

describe("a rule that is tried", () => {
  it("tells how often it would have told, decided as it is decided now", async () => {
    const day = [...times(6, 99), ...times(7, 0), ...times(6, 120), ...times(7, 0), ...times(2, 99)];
    await sampleLags(now, day);
    const condition = { measure: "lag-seconds", above: 60, forSeconds: 30, pattern: "*" } as const;
    const preview = await previewAlertRule(a)({ condition, may: everybody });
    expect(preview).toMatchObject({ count: 2, subjects: 1, isWhole: true });
    expect(preview.alerts).toMatchObject([
      { subject: "billing", worst: 120, overAt: expect.any(String) },
      { subject: "billing", worst: 99, overAt: expect.any(String) },
    ]);
    await only(condition);
    for (let i = day.length - 1; i >= 0; i--) await watchAlerts(a.database, now - i * 10_000);
    expect((await list()).map((it) => [Date.parse(it.openedAt), Date.parse(it.over?.at ?? ""), it.worst])).toEqual(
      preview.alerts.map((it) => [Date.parse(it.openedAt), Date.parse(it.overAt ?? ""), it.worst]),
    );
  });

  it("tells of what the caller may read, and of the names that it means", async () => {
    await sampleLags(now, times(6, 99));
    const condition = { measure: "lag-seconds", above: 60, forSeconds: 30, pattern: "*" } as const;
    const none = { count: 0, subjects: 0, isWhole: true, alerts: [] };
    expect(await previewAlertRule(a)({ condition, may: () => false })).toEqual(none);
    expect(await previewAlertRule(a)({ condition: { ...condition, pattern: "mail*" }, may: everybody })).toEqual(none);
  });
});

describe("what is measured", () => {
  const measured = async (kind: "consumer" | "topic") => {
    const { at } = await insertSamples(a.database.pool);
    const [first] = await selectMeasures(a.database.pool, kind, { after: at - 10_001, through: at, names: null });
    return first?.values;
  };

  it("of a consumer that nobody serves: what waits, since when, and its dead letters", async () => {
    await publish(a, topicId, { count: 5, keys: 5 });
    await parkLetters(a.database, { consumer: "billing", topicId, count: 3, keys: 2 });
    await query("ALTER TABLE event DISABLE TRIGGER USER");
    await query("UPDATE event SET recorded_at = now() - interval '100 s'");
    const values = await measured("consumer");
    expect(values).toMatchObject({ "unattended-events": 2, "dead-letters": 2, halted: 0, "breaker-open": 0 });
    expect(values?.["lag-seconds"]).toBeGreaterThanOrEqual(100);
    expect(values?.["lag-seconds"]).toBeLessThan(160);
  });

  it("of a consumer with a member: nothing waits unattended", async () => {
    await publish(a, topicId, { count: 5 });
    await a.join("billing", "one");
    expect(await measured("consumer")).toMatchObject({ "unattended-events": 0 });
  });

  it("of a consumer that is paused: nothing of it is told as behind or unattended", async () => {
    await publish(a, topicId, { count: 5 });
    await a.pause({ consumer: "billing", reason: "tested", actor });
    expect(await measured("consumer")).toMatchObject({ "unattended-events": 0, "lag-seconds": 0, halted: 0 });
  });

  it("of a consumer that has halted, and of one whose breaker is open", async () => {
    await query("UPDATE consumer SET pause_kind = 'halted', paused_at = now(), breaker_opened_at = now()");
    expect(await measured("consumer")).toMatchObject({ halted: 1, "breaker-open": 1 });
  });

  it("of deliveries that fail: those of the last minute", async () => {
    await sampleLags(now, times(20, 0), { failed: 3 });
    const [value] = await selectMeasures(a.database.pool, "consumer", { after: now - 1, through: now, names: null });
    expect(value?.values["failures-per-minute"]).toBe(18);
  });

  it.each<[string, Retention | null]>([
    ["no bounds", null],
    ["all within", { maxEvents: 20, maxBytes: 1_000_000, maxAgeMs: 3_600_000 }],
    ["too many", { maxEvents: 19 }],
    ["too much", { maxBytes: 1 }],
    ["too old", { maxAgeMs: 1_000 }],
    ["too many, and forced", { maxEvents: 1, force: true }],
  ])("of a topic's retention is what the topic's page says: %s", async (_, retention) => {
    await publish(a, topicId, { count: 20 });
    await query("ALTER TABLE event DISABLE TRIGGER USER");
    await query("UPDATE event SET recorded_at = now() - interval '100 s'");
    await query("UPDATE topic SET retention = $1", [retention === null ? null : JSON.stringify(retention)]);
    const bytes = 100;
    await query("UPDATE topic_head SET bytes = $1", [bytes]);
    const isHeldUp = retentionExcess(retention, { events: 20, bytes, oldestMs: 100_000 }) !== null;
    expect(await measured("topic")).toEqual({ "retention-held-up": Number(isHeldUp), "topic-bytes": bytes });
    // Nobody is waited for.
    await query("DELETE FROM topic_sample");
    await query("UPDATE cursor SET position = 20");
    expect(await measured("topic")).toMatchObject({ "retention-held-up": 0 });
  });
});

it("sensible rules are there from the start, each of which can be tried", async () => {
  const rules = await selectAlertRules(a.database.prisma);
  expect(rules.map((it) => it.name)).toEqual([
    "behind",
    "breaker-open",
    "dead-letters",
    "failures",
    "halted",
    "nobody-connected",
    "retention-held-up",
  ]);
  for (const { name, changedBy, changedAt, ...rule } of rules) {
    expect([name, changedBy, Date.parse(changedAt) > 0]).toEqual([name, "system", true]);
    expect(alertRuleDeclaration.parse(rule)).toEqual({ ...rule, isEnabled: true, pattern: "*" });
    expect(await previewAlertRule(a)({ condition: rule, may: everybody })).toMatchObject({ count: 0, isWhole: true });
  }
});
