import { createParser } from "eventsource-parser";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { delivery, MEMBER_FRAMES, type MemberFrameName } from "../contract/member-frames.ts";
import type { Delivery, Settlement } from "../contract/settlements.ts";
import { openApiDocument } from "./openapi/document.ts";
import { storedEventSchema } from "./openapi/events-paths.ts";
import { FACTS } from "./openapi/problems.ts";
import { type Frames, framesOf, type RunningServer, runningServer } from "./testing/running-server.ts";

// The reference is held to what a running server says: frames, answers and refusals have exactly the documented shapes.
let server: RunningServer;
let consumer = "";
let topic = "";
let serial = 0;
const streams: Frames[] = [];
const paths = openApiDocument("0.1.0").paths ?? {};

beforeAll(async () => {
  server = await runningServer();
});
afterAll(async () => {
  for (const it of streams) it.close();
  await server.close();
});
beforeEach(async () => {
  serial += 1;
  consumer = `billing-${serial}`;
  topic = `payments-${serial}`;
  await server.declareTopic(topic);
  await ask("PUT", "", { topics: [{ topic, start: "earliest" }], reconnectGraceMs: 60_000 });
});

async function ask(method: string, path: string, body?: unknown): Promise<Response> {
  const response = await server.request(`/v1/consumers/${consumer}${path}`, {
    method,
    ...(body !== undefined && { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
  });
  return response;
}
const settle = (settlements: readonly Settlement[]) => ask("POST", "/settlements", { settlements });
const pull = (body: object) => ask("POST", "/deliveries", body);
const publish = (...keys: string[]) =>
  server.publish(topic, JSON.stringify({ events: keys.map((key) => ({ type: "payment.succeeded", key })) }));

async function stream(query: string, lastEventId?: string): Promise<Frames> {
  const abort = new AbortController();
  const response = await server.request(`/v1/consumers/${consumer}/events?${query}`, {
    headers: { ...(lastEventId !== undefined && { "last-event-id": lastEventId }) },
    signal: abort.signal,
  });
  expect(response.status).toBe(200);
  const frames = framesOf(response, abort);
  streams.push(frames);
  return frames;
}

const namesIn = ({ seen }: Pick<Frames, "seen">) => seen.map((it) => it.event ?? "delivery");
const has = (name: string) => (seen: Frames["seen"]) => seen.some((it) => (it.event ?? "delivery") === name);
const deliveriesIn = ({ seen }: Frames): Delivery[] =>
  seen.flatMap((it) => (it.event === undefined ? [JSON.parse(it.data).delivery as Delivery] : []));
const answerTo = (
  { topic: of, partition, epoch, offset }: Delivery,
  outcome: Settlement["outcome"] = "ack",
): Settlement => ({
  ...{ topic: of, partition, epoch, offset, outcome },
});
function first(frames: Frames): Delivery {
  const [found] = deliveriesIn(frames);
  if (found === undefined) throw new Error("nothing was delivered");
  return found;
}

const wholeDelivery = z.strictObject({ delivery: delivery.strict(), event: storedEventSchema });

/** Every frame is one of the documented ones and has exactly the documented fields; only deliveries have an id. */
function requireDocumented({ seen }: Pick<Frames, "seen">): void {
  for (const { event, data, id } of seen) {
    const schema: z.ZodType = event === undefined ? wholeDelivery : MEMBER_FRAMES[event as MemberFrameName].strict();
    schema.parse(JSON.parse(data));
    if (event === undefined) expect(id).toMatch(/^[\w-]{16}\.[1-9]\d*$/);
    else expect(id).toBeUndefined();
  }
}

/** A value with every leaf replaced by its type. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shapeOf);
  if (typeof value !== "object" || value === null) return value === null ? "null" : typeof value;
  return Object.fromEntries(Object.entries(value).map(([name, it]) => [name, shapeOf(it)]));
}

async function requireRefusal(response: Response, code: keyof typeof FACTS & string): Promise<void> {
  const problem = (await response.json()) as Record<string, unknown>;
  const { type, title, status, detail, code: told, instance, ...facts } = problem;
  expect({ type, status, code: told }).toEqual({ type: `/docs/problems#${code}`, status: 409, code });
  expect([typeof title, typeof detail, instance]).toEqual(["string", "string", response.headers.get("x-request-id")]);
  expect(shapeOf(facts)).toEqual(shapeOf(FACTS[code] ?? {}));
}

describe("a member's stream", () => {
  test("is documented by an example of documented frames", () => {
    const content = paths["/consumers/{consumer}/events"]?.get?.responses?.["200"]?.content;
    const seen: Frames["seen"][number][] = [];
    let retryMs: number | undefined;
    const parser = createParser({
      onEvent: (it) => seen.push(it),
      onRetry: (ms) => {
        retryMs = ms;
      },
    });
    parser.feed(`${content["text/event-stream"].example}\n`);
    expect(namesIn({ seen })).toEqual(["session", "assignment", "delivery", "caught-up", "parked"]);
    expect(retryMs).toBe(1_000);
    requireDocumented({ seen });
  });

  test("sends documented frames only: from the session's to the goodbye's", async () => {
    await publish("order-1", "order-2", "order-1");
    const member = await stream("member=billing-1");
    await member.until(has("caught-up"));
    expect(namesIn(member)).toEqual(["session", "assignment", "delivery", "delivery", "caught-up"]);
    expect(member.retryMs).toBeGreaterThanOrEqual(500);
    expect(member.retryMs).toBeLessThanOrEqual(1_000);
    await ask("POST", "/pause", { reason: "the bank is away" });
    await member.until(has("paused"));
    await ask("POST", "/resume", { reason: "the bank is back" });
    await member.until(has("resumed"));
    await settle([answerTo(first(member))]);
    const plan = await (await ask("POST", "/position-plans", { target: { to: "earliest" } })).json();
    const { id: planId, token } = plan as { id: string; token: string };
    expect((await ask("POST", "/position-changes", { planId, token, reason: "again" })).status).toBe(200);
    const seen = await member.until((all) => all.some((it) => it.data.includes('"replay":true')));
    expect(namesIn({ seen })).toContain("reset");
    expect((await ask("DELETE", "/members/billing-1")).status).toBe(204);
    await member.ended;
    expect(member.seen.at(-1)).toMatchObject({ event: "revoked", data: '{"reason":"left","partitions":[0]}' });
    requireDocumented(member);
  });

  test("says parked to pipelined members, and a retried event comes marked", async () => {
    await publish("order-1", "order-1", "order-2");
    const member = await stream("member=billing-1&order=pipelined");
    await member.until((seen) => seen.filter((it) => it.event === undefined).length === 3);
    const failed = {
      ...answerTo(first(member), "retry"),
      delayMs: 0,
      error: { name: "Timeout", message: "no answer" },
    };
    expect(await (await settle([failed])).json()).toEqual({ settled: 1 });
    await member.until((seen) => seen.some((it) => it.data.includes('"parked":true')));
    expect(namesIn(member)).toContain("parked");
    expect(deliveriesIn(member).at(-1)).toMatchObject({ offset: 1, attempt: 2, parked: true });
    requireDocumented(member);
  });

  test.each([
    ["Last-Event-ID", (id: string) => stream("member=billing-1", id)],
    ["lastEventId", (id: string) => stream(`member=billing-1&lastEventId=${encodeURIComponent(id)}`)],
  ])("goes on by %s, and its unsettled deliveries after that come again under their ids", async (_, resume) => {
    await publish("order-1", "order-2", "order-3");
    const before = await stream("member=billing-1");
    await before.until(has("caught-up"));
    const ids = before.seen.flatMap((it) => it.id ?? []);
    before.close();
    const after = await resume(ids[0] ?? "");
    const seen = await after.until((all) => all.filter((it) => it.event === undefined).length === 2);
    expect(JSON.parse(seen[0]?.data ?? "")).toMatchObject({ member: "billing-1", resumed: true, inFlight: 3 });
    expect(seen.flatMap((it) => it.id ?? [])).toEqual(ids.slice(1));
    expect(deliveriesIn(after).map((it) => [it.offset, it.redelivered, it.epoch])).toEqual([
      [2, true, 1],
      [3, true, 1],
    ]);
    requireDocumented(after);
    // What was delivered before the break counts, too.
    expect((await settle(deliveriesIn(before).map((it) => answerTo(it)))).status).toBe(200);
  });

  test("begins anew by the place of a session that is unknown, and refuses a place of another form by its name", async () => {
    const member = await stream("member=billing-1", "AAAAAAAAAAAAAAAA.4");
    await member.until(has("session"));
    expect(JSON.parse(member.seen[0]?.data ?? "")).toMatchObject({ resumed: false, inFlight: 0 });
    const refused = await server.request(`/v1/consumers/${consumer}/events?lastEventId=${topic}/4`);
    expect([refused.status, await refused.json()]).toMatchObject([400, { errors: [{ field: "lastEventId" }] }]);
    const byHeader = await server.request(`/v1/consumers/${consumer}/events`, { headers: { "last-event-id": "12" } });
    expect([byHeader.status, await byHeader.json()]).toMatchObject([400, { errors: [{ field: "Last-Event-ID" }] }]);
  });
});

describe("a pull", () => {
  test("takes the documented request and gives the documented answer", async () => {
    const { requestBody, responses } = paths["/consumers/{consumer}/deliveries"]?.post ?? {};
    const request = (requestBody as { content: Record<string, { example: object }> }).content["application/json"]
      ?.example;
    await publish("order-1");
    const response = await pull(request ?? {});
    expect(response.status).toBe(200);
    const answer = (await response.json()) as { deliveries: { id: string }[]; session: string };
    z.strictObject({
      session: z.string(),
      member: z.literal("nightly"),
      deliveries: z.array(wholeDelivery.extend({ id: z.literal(`${answer.session}.1`) })).length(1),
    }).parse(answer);
    const example = responses?.["200"]?.content["application/json"].example;
    expect(Object.keys(answer)).toEqual(Object.keys(example));
    const again = await (await pull({ session: answer.session, lastEventId: `${answer.session}.0` })).json();
    expect(again).toMatchObject({ deliveries: [{ id: `${answer.session}.1`, delivery: { redelivered: true } }] });
    expect(await (await pull({ session: answer.session })).json()).toMatchObject({ deliveries: [] });
  });

  test("goes on with a session and a stream shares the consumer; a session that is over is refused", async () => {
    const { session } = (await (await pull({ member: "nightly" })).json()) as { session: string };
    expect((await ask("DELETE", `/members/nightly?session=${session}`)).status).toBe(204);
    await requireRefusal(await pull({ session }), "session-ended");
    expect((await ask("DELETE", "/members/nightly")).status).toBe(204);
  });
});

describe("a refusal carries the documented facts", () => {
  test("member-name-taken", async () => {
    await stream("member=billing-1");
    const path = `/v1/consumers/${consumer}/events?member=billing-1`;
    await requireRefusal(await server.request(path), "member-name-taken");
    await requireRefusal(await pull({ member: "billing-1" }), "member-name-taken");
  });

  test("stale-epoch, not-delivered and state-conflict", async () => {
    await publish("order-1");
    const member = await stream("member=billing-1");
    await member.until(has("delivery"));
    const ack = answerTo(first(member));
    await requireRefusal(await settle([{ ...ack, epoch: 9 }]), "stale-epoch");
    await requireRefusal(await settle([{ ...ack, offset: 99 }]), "not-delivered");
    await requireRefusal(await settle([{ ...ack, state: { expect: { "paid:order-1": 1 } } }]), "state-conflict");
    expect(await (await settle([ack])).json()).toEqual({ settled: 1 });
  });
});

test("an extension without an offset is of the topic, without a topic of the partition", async () => {
  await publish("order-1", "order-2");
  const member = await stream("member=billing-1");
  await member.until(has("caught-up"));
  const { partition, epoch } = first(member);
  for (const settlement of [
    { topic, partition, epoch, outcome: "extend" as const },
    { partition, epoch, outcome: "extend" as const },
    answerTo(first(member), "extend"),
  ]) {
    expect(await (await settle([settlement])).json()).toEqual({ settled: 1 });
  }
  const refused = await settle([{ partition, epoch, offset: 1, outcome: "extend" }]);
  expect([refused.status, await refused.json()]).toMatchObject([400, { errors: [{ field: "settlements[0].topic" }] }]);
});
