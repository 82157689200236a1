import { join } from "node:path";
import { createParser } from "eventsource-parser";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Delivery } from "../contract/settlements.ts";
import { parseEnvironment } from "../environment.ts";
import { createLog } from "../log.ts";
import { type RunningServer, serve } from "../serve.ts";
import { createApiKey } from "../services/access/create-api-key.ts";
import { type TestDatabase, testDatabase } from "../testing/test-database.ts";

const SECRET = "mr_test_0123456789abcdef0123456789abcdef";
let db: TestDatabase;
let server: RunningServer;
let isClosed = false;

beforeAll(async () => {
  db = await testDatabase();
  server = await serve({
    environment: parseEnvironment({ PORT: "0", MILLRACE_API_KEY: SECRET }),
    databaseUrl: db.url,
    log: createLog("error"),
    root: join(import.meta.dirname, "../.."),
  });
  await put("/v1/topics/orders", {});
  await put("/v1/consumers/billing", { topics: [{ topic: "orders" }], ackTimeoutMs: 60_000 });
});
afterAll(async () => {
  if (!isClosed) await server.close();
  await db.drop();
});

function ask(
  method: string,
  path: string,
  { body, secret = SECRET, type = "application/json" }: Ask = {},
): Promise<Response> {
  return fetch(server.url + path, {
    method,
    headers: { authorization: `Bearer ${secret}`, ...(body !== undefined && { "content-type": type }) },
    ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
}
interface Ask {
  readonly body?: unknown;
  readonly secret?: string;
  readonly type?: string;
}

async function put(path: string, body: unknown): Promise<void> {
  const response = await ask("PUT", path, { body });
  expect([200, 201], await response.clone().text()).toContain(response.status);
}

const settlements = (body: unknown, more: Ask = {}) =>
  ask("POST", "/v1/consumers/billing/settlements", { body, ...more });

/** Reads the stream until `count` deliveries came. */
async function openStream(member: string) {
  const leave = new AbortController();
  const response = await fetch(`${server.url}/v1/consumers/billing/events?member=${member}`, {
    headers: { authorization: `Bearer ${SECRET}` },
    signal: leave.signal,
  });
  const frames: { id: string | undefined; event: string; data: Record<string, unknown>; text: string }[] = [];
  const parser = createParser({
    onEvent: ({ id, event, data }) =>
      frames.push({ id, event: event ?? "message", data: JSON.parse(data), text: data }),
  });
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  const until = async (holds: () => boolean): Promise<void> => {
    while (!holds()) {
      const read = await reader?.read();
      if (read === undefined || read.done) throw new Error("the stream ended");
      parser.feed(read.value);
    }
  };
  const deliveries = () =>
    frames.flatMap((it) => (it.data.delivery === undefined ? [] : [it.data.delivery as Delivery]));
  return { response, frames, deliveries, until, leave: () => leave.abort() };
}

const ackOf = ({ topic, partition, epoch, offset }: Delivery) => ({ topic, partition, epoch, offset, outcome: "ack" });

test("a member is assigned, delivered to and caught up; its settlements move the position, its state keeps every digit", async () => {
  const published = await ask("POST", "/v1/topics/orders/events", {
    body: '{"events":[{"type":"paid","key":"k1","data":{"cents":9007199254740993}},{"type":"paid","key":"k2","data":1.10}]}',
  });
  expect(published.status).toBe(201);
  const stream = await openStream("m1");
  expect(stream.response.headers.get("content-type")).toMatch("text/event-stream");
  await stream.until(() => stream.frames.some((it) => it.event === "caught-up"));
  expect(stream.frames.map((it) => it.event)).toEqual(["session", "assignment", "message", "message", "caught-up"]);
  const { session } = stream.frames[0]?.data ?? {};
  expect(stream.frames[0]?.data).toEqual({ session, member: "m1", resumed: false, inFlight: 0 });
  expect(stream.frames[2]?.id).toBe(`${session}.1`);
  expect(stream.frames[2]?.text).toContain('"data":{"cents":9007199254740993}');
  const [one, two] = stream.deliveries();
  if (one === undefined || two === undefined) throw new Error("nothing was delivered");
  expect(one).toEqual({
    topic: "orders",
    partition: 0,
    offset: 1,
    epoch: 1,
    attempt: 1,
    replay: false,
    redelivered: false,
  });

  const state = '{"set":{"sum":9007199254740993,"rate":1.10,"__proto__":{"x":1}}}';
  const settled = await settlements(
    `{"settlements":[${JSON.stringify(ackOf(one))},${JSON.stringify(ackOf(two)).slice(0, -1)},"state":${state}}]}`,
  );
  expect(await settled.json()).toEqual({ settled: 2 });
  const description = (await (await ask("GET", "/v1/consumers/billing")).json()) as { topics: unknown[] };
  expect(description.topics[0]).toMatchObject({ position: 2, lag: 0, partitions: [{ member: "m1", epoch: 1 }] });
  expect(await (await ask("GET", "/v1/consumers/billing/state/sum")).text()).toContain('"value":9007199254740993');
  const list = await (await ask("GET", "/v1/consumers/billing/state?limit=2")).text();
  expect(list).toContain('"value":{"x":1}');
  expect(list).toContain('"value":1.10');
  expect(list).toContain('"next":"rate"');
  stream.leave();
});

function assignedEpoch(frames: readonly { event: string; data: Record<string, unknown> }[]): number | undefined {
  const assignment = frames.findLast((it) => it.event === "assignment")?.data;
  return (assignment?.partitions as { epoch: number }[] | undefined)?.[0]?.epoch;
}

test("each thing that is wrong with a settlement is named, and nothing of the request counts", async () => {
  const right = { topic: "orders", partition: 0, epoch: 1, offset: 1, outcome: "ack" };
  const problemOf = async (body: unknown, more: Ask = {}) => (await settlements(body, more)).json();
  expect(await problemOf("{")).toMatchObject({ status: 400, code: "malformed-json" });
  expect(await problemOf({ settlements: [] })).toMatchObject({ status: 400, errors: [{ field: "settlements" }] });
  expect(await problemOf({ settlements: [right, { ...right, epoch: -1, bad: 1 }] })).toMatchObject({
    status: 400,
    errors: [{ field: "settlements[1].epoch" }, { field: "settlements[1].bad" }],
  });
  expect(await problemOf({ settlements: [{ ...right, topic: "nope" }] })).toMatchObject({
    status: 400,
    errors: [{ field: "settlements[0].topic" }],
  });
  expect(await problemOf({ settlements: [{ ...right, outcome: "extend", state: { set: { a: 1 } } }] })).toMatchObject({
    status: 400,
    errors: [{ field: "settlements[0].state" }],
  });
  expect(await problemOf({ settlements: [{ ...right, partition: 3_000_000_000 }] })).toMatchObject({
    status: 400,
    errors: [{ field: "settlements[0].partition" }],
  });
  expect(await problemOf({ settlements: [{ ...right, state: { set: { "": 1 } } }] })).toMatchObject({
    status: 400,
    errors: [{ field: "settlements[0].state.set.", message: "must not be empty" }],
  });
  const ofState = async (state: string) => {
    const text = JSON.stringify(right).slice(0, -1);
    const problem = await problemOf(`{"settlements":[${text},"state":${state}}]}`);
    return (problem as { status: number; errors?: { field: string }[] }).errors?.map((it) => it.field);
  };
  const inState = (name: string) => [`settlements[0].state.${name}`];
  expect(await ofState('{"expect":{"n":-1}}')).toEqual(inState("expect.n"));
  expect(await ofState('{"expect":{"n":1.5}}')).toEqual(inState("expect.n"));
  expect(await ofState('{"expect":{"__proto__":-1}}')).toEqual(inState("expect.__proto__"));
  expect(await ofState('{"increment":{"n":"1"}}')).toEqual(inState("increment.n"));
  expect(await ofState('{"increment":{"__proto__":"x"}}')).toEqual(inState("increment.__proto__"));
  expect(await ofState('{"increment":{"n":9007199254740993}}')).toEqual(inState("increment.n"));
  expect(await ofState('{"increment":{"n":1},"set":{"n":1}}')).toEqual(inState("increment.n"));
  expect(await ofState('{"increment":{"n":1},"delete":["n"]}')).toEqual(inState("increment.n"));
  const many = JSON.stringify(Object.fromEntries(Array.from({ length: 101 }, (_, i) => [`k${i}`, 1])));
  for (const name of ["set", "expect", "increment"])
    expect(await ofState(`{"${name}":${many}}`)).toEqual(inState(name));
  expect(await problemOf({ settlements: [{ ...right, outcome: "skip", reason: "a\u0000b" }] })).toMatchObject({
    status: 400,
    errors: [{ field: "settlements[0].reason" }],
  });
  expect(await problemOf({ settlements: [{ ...right, epoch: 99 }] })).toMatchObject({
    status: 409,
    code: "stale-epoch",
  });
  const stream = await openStream("m1");
  await stream.until(() => assignedEpoch(stream.frames) !== undefined);
  const held = { ...right, epoch: assignedEpoch(stream.frames) };
  expect(await problemOf({ settlements: [{ ...held, offset: 9_999 }] })).toMatchObject({
    status: 409,
    code: "not-delivered",
  });
  stream.leave();
  expect(await problemOf("x", { type: "text/plain" })).toMatchObject({ status: 415 });
});

test("an entry is written if it has the expected version; a conflict names the version there is", async () => {
  await ask("POST", "/v1/topics/orders/events", { body: { events: [{ type: "paid" }, { type: "paid" }] } });
  const stream = await openStream("m1");
  await stream.until(() => stream.deliveries().length === 2);
  const [one, two] = stream.deliveries();
  if (one === undefined || two === undefined) throw new Error("nothing was delivered");
  const increment = '{"expect":{"tally":0,"__proto__":1},"increment":{"tally":1.10,"__proto__x":2}}';
  const first = await settlements(`{"settlements":[${JSON.stringify(ackOf(one)).slice(0, -1)},"state":${increment}}]}`);
  expect(first.status).toBe(200);
  const tally = await ask("GET", "/v1/consumers/billing/state/tally");
  expect(await tally.json()).toMatchObject({ value: 1.1, version: 1 });
  const state = { expect: { tally: 0 }, set: { tally: 5 } };
  const refused = await settlements({ settlements: [{ ...ackOf(two), state }] });
  expect(refused.status).toBe(409);
  expect(await refused.json()).toMatchObject({
    code: "state-conflict",
    type: "/docs/problems#state-conflict",
    conflicts: [{ index: 0, entry: "tally", expected: 0, actual: 1, reason: "version" }],
  });
  expect((await settlements({ settlements: [ackOf(two)] })).status).toBe(200);
  stream.leave();
});

test("who may not consume is refused before anything happens, and an unknown consumer is named", async () => {
  const create = createApiKey({ database: db.database });
  const { secret } = await create({
    name: "reader",
    scopes: [{ action: "read", pattern: "*" }],
    actor: { name: "system", requestId: "test" },
  });
  expect((await settlements({ settlements: [] }, { secret })).status).toBe(403);
  expect((await ask("GET", "/v1/consumers/billing/events", { secret })).status).toBe(403);
  expect((await ask("GET", "/v1/consumers/billing/events", { secret: "mr_wrong" })).status).toBe(401);
  expect((await ask("GET", "/v1/consumers/nobody/events")).status).toBe(404);
  expect((await ask("GET", "/v1/consumers/billing/events?membr=x")).status).toBe(400);
  expect((await ask("GET", "/v1/consumers/billing/state/none")).status).toBe(404);
});

test("a member that says goodbye gives its partitions to the next at once, and a server that stops says so", async () => {
  const first = await openStream("m2");
  await first.until(() => first.frames.some((it) => it.event === "assignment"));
  const { session } = first.frames[0]?.data ?? {};
  expect((await ask("DELETE", `/v1/consumers/billing/members/m2?session=${session}`)).status).toBe(204);
  const second = await openStream("m3");
  await second.until(() =>
    second.frames.some((it) => it.event === "assignment" && (it.data.partitions as unknown[]).length === 1),
  );
  await server.close();
  isClosed = true;
  await expect(second.until(() => false)).rejects.toThrow();
  expect(second.frames.at(-1)).toMatchObject({ event: "revoked", data: { reason: "shutting-down" } });
});
