import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { PublishResult } from "../contract/events.ts";
import { sliceMember, sliceMemberOfEachIn } from "../domain/json-slices.ts";
import { eventsOf, follow, type RunningServer, runningServer } from "./testing/running-server.ts";

let server: RunningServer;
let topics = 0;
beforeAll(async () => {
  server = await runningServer();
});
afterAll(() => server.close());

async function newTopic(): Promise<string> {
  topics += 1;
  await server.declareTopic(`trip-${topics}`);
  return `trip-${topics}`;
}

/** The events as JSON text, from a page, one by one, and from a stream: all three must be the same text. */
async function readBack(topic: string, count: number): Promise<string[]> {
  const page = await (await server.request(`/v1/topics/${topic}/events?limit=1000`)).text();
  const frames = await follow(server, topic, { query: "?after=0" });
  const seen = eventsOf(await frames.until((all) => eventsOf(all).length >= count)).map((frame) => frame.data);
  frames.close();
  expect(page).toBe(`{"events":[${seen.join(",")}],"next":null}`);
  for (const [index, text] of seen.entries()) {
    expect(await (await server.request(`/v1/topics/${topic}/events/${index + 1}`)).text()).toBe(text);
  }
  return seen;
}

const dataOf = (event: string): string | undefined => sliceMember(event, "data")?.text;

const HARD = [
  "9007199254740993",
  "1.10",
  "-0",
  "1e400",
  '"\\u0000"',
  '"\\ud800"',
  '"\\udc00\\ud800"',
  '{"__proto__":{"polluted":true}}',
  `${"[".repeat(60)}${"]".repeat(60)}`,
  '"\u2028 \u2029 \\n \\r\\n"',
  '{"2":0,"1":0,"a":0}',
  '{"a":1,"a":2}',
  '"data: x\\n\\nid: 7"',
  "null",
  '""',
  '{ "spaced" : [ 1 ,\t2 ] }',
];

describe("data comes back as the text that was sent", () => {
  it("one event at a time and in a batch, on a page and in a stream, from memory and from the database", async () => {
    const topic = await newTopic();
    // Opened first, so that these come from memory; what is read back below comes from the database.
    const live = await follow(server, topic);
    await live.until((all) => all.some((frame) => frame.event === "caught-up"));
    for (const data of HARD) expect((await server.publish(topic, `{"type":"t","data":${data}}`)).status).toBe(201);
    const batch = `{"events":[${HARD.map((data) => `{"data":${data},"type":"t"}`).join(",\n")}]}`;
    expect((await server.publish(topic, batch)).status).toBe(201);
    const seen = await readBack(topic, HARD.length * 2);
    expect(seen.map(dataOf)).toEqual([...HARD, ...HARD]);
    const lived = eventsOf(await live.until((all) => eventsOf(all).length >= HARD.length * 2));
    expect(lived.map((frame) => frame.data)).toEqual(seen);
    live.close();
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });

  it("whatever the JSON", async () => {
    const topic = await newTopic();
    const sent: string[] = [];
    await fc.assert(
      fc.asyncProperty(fc.array(fc.json(), { minLength: 1, maxLength: 10 }), async (all) => {
        const events = all.map((data) => `{"type":"t","data":${data}}`);
        expect((await server.publish(topic, `{"events":[${events.join(",")}]}`)).status).toBe(201);
        sent.push(...all);
      }),
      { numRuns: 20 },
    );
    const page = await (await server.request(`/v1/topics/${topic}/events?limit=1000`)).text();
    expect(sliceMemberOfEachIn(page, "events", "data").map((slice) => slice?.text)).toEqual(sent);
  });

  it("pretty-printed JSON loses its line breaks and nothing else", async () => {
    const topic = await newTopic();
    await server.publish(topic, JSON.stringify({ type: "t", data: { a: [1, "x\ny"], b: {} } }, null, 2));
    expect((await readBack(topic, 1)).map(dataOf)).toEqual(['{"a": [1,"x\\ny"],"b": {}}']);
  });

  it("an event without data has none", async () => {
    const topic = await newTopic();
    await server.publish(topic, '{"type":"t"}');
    expect((await readBack(topic, 1)).map(dataOf)).toEqual([undefined]);
  });
});

describe("an event's attributes come back", () => {
  it("from the plain form", async () => {
    const topic = await newTopic();
    const time = "2026-11-20T21:00:00.10+01:00";
    const event = { type: "t", id: "e-1", key: "k", source: "/shop", subject: "s", dataschema: "urn:x", time };
    await server.publish(
      topic,
      JSON.stringify({ ...event, extensions: { correlationid: "c", retries: 3, dry: true } }),
    );
    const [text = ""] = await readBack(topic, 1);
    expect(JSON.parse(text)).toMatchObject({
      specversion: "1.0",
      id: "e-1",
      type: "t",
      partitionkey: "k",
      sequence: "1",
      topic,
      source: "/shop",
      subject: "s",
      dataschema: "urn:x",
      time,
      correlationid: "c",
      retries: 3,
      dry: true,
    });
  });

  it("from structured CloudEvents, one and a batch", async () => {
    const topic = await newTopic();
    const event = { specversion: "1.0", id: "1", type: "t", source: "/s", partitionkey: "k", traceparent: "00-a-b-01" };
    const one = await server.publish(topic, JSON.stringify({ ...event, data: { n: 1 } }), {
      "content-type": "application/cloudevents+json; charset=utf-8",
    });
    expect(await one.json()).toEqual({ events: [{ id: "1", offset: 1, duplicate: false }] });
    const bytes = { ...event, id: "2", datacontenttype: "image/png", data_base64: "iVBORw==" };
    await server.publish(topic, JSON.stringify([{ ...event, id: "3", data: "x" }, bytes], null, 1), {
      "content-type": "application/cloudevents-batch+json",
    });
    const seen = (await readBack(topic, 3)).map((text) => JSON.parse(text) as object);
    expect(seen).toMatchObject([{ ...event, data: { n: 1 } }, { ...event, id: "3", data: "x" }, bytes]);
  });

  it("from binary mode: JSON keeps its text, everything else its bytes, headers are percent-decoded", async () => {
    const topic = await newTopic();
    const headers = { "ce-specversion": "1.0", "ce-id": "1", "ce-type": "t", "ce-source": "/s" };
    await server.publish(topic, '{"n":1.10}', {
      ...headers,
      "ce-partitionkey": "Euro%20%E2%82%AC%20%F0%9F%98%80",
      "ce-subject": '"quoted \\"text\\""',
      "content-type": "application/vnd.shop+json",
    });
    await server.publish(topic, Buffer.from([0, 255, 10, 13]), {
      ...headers,
      "ce-id": "2",
      "content-type": "image/png",
    });
    const [json = "", bytes = ""] = await readBack(topic, 2);
    expect(dataOf(json)).toBe('{"n":1.10}');
    expect(JSON.parse(json)).toMatchObject({
      partitionkey: "Euro € 😀",
      subject: 'quoted "text"',
      datacontenttype: "application/vnd.shop+json",
    });
    expect(JSON.parse(bytes)).toMatchObject({ id: "2", data_base64: "AP8KDQ==", datacontenttype: "image/png" });
  });
});

describe("CloudEvents to the letter", () => {
  const REQUIRED = { specversion: "1.0", id: "1", type: "t", source: "/s" };
  const binary = {
    "ce-specversion": "1.0",
    "ce-id": "1",
    "ce-type": "t",
    "ce-source": "/s",
    "content-type": "text/plain",
  };
  const stored = async (topic: string) => JSON.parse((await readBack(topic, 1))[0] ?? "") as Record<string, unknown>;

  it("an attribute that is null is one that is not there; data that is null is data", async () => {
    const topic = await newTopic();
    const nulls = { time: null, subject: null, partitionkey: null, dataschema: null, datacontenttype: null };
    const body = { ...REQUIRED, ...nulls, traceparent: null, topic: null, data_base64: null, data: null };
    const type = { "content-type": "application/cloudevents+json" };
    expect((await server.publish(topic, JSON.stringify(body), type)).status).toBe(201);
    const event = await stored(topic);
    expect(Object.keys(event).sort()).toEqual(
      ["data", "id", "recordedtime", "sequence", "source", "specversion", "topic", "type"].sort(),
    );
  });

  it("an extension's name may be longer than 20 characters", async () => {
    const topic = await newTopic();
    const name = "averylongextensionnamethatislegal";
    await server.publish(topic, JSON.stringify({ ...REQUIRED, [name]: "x" }), {
      "content-type": "application/cloudevents+json",
    });
    expect(await stored(topic)).toMatchObject({ [name]: "x" });
    await server.publish(topic, "x", { ...binary, "ce-id": "2", [`ce-${name}`]: "y" });
    await server.publish(topic, JSON.stringify({ type: "t", extensions: { [name]: "z" } }));
    const all = (await readBack(topic, 3)).map((text) => (JSON.parse(text) as Record<string, unknown>)[name]);
    expect(all).toEqual(["x", "y", "z"]);
  });

  it.each([
    ["100%", "100%"],
    ["100%, 5%zz and %4", "100%, 5%zz and %4"],
    ["%31%30%30%25", "100%"],
    ["a%2Cb", "a,b"],
    // As fetch sends the bytes of UTF-8 that a producer left unencoded.
    [Buffer.from("café €").toString("latin1"), "café €"],
    ["%63af%C3%A9", "café"],
  ])("a header %j means %j", async (header, meant) => {
    const topic = await newTopic();
    expect((await server.publish(topic, "x", { ...binary, "ce-subject": header })).status).toBe(201);
    expect(await stored(topic)).toMatchObject({ subject: meant });
  });

  it.each(["2026-11-20t21:00:00z", "2016-12-31T23:59:60Z", "2016-12-31t18:59:60.5-05:00"])(
    "time %s comes back as it was written",
    async (time) => {
      const topic = await newTopic();
      await server.publish(topic, JSON.stringify({ type: "t", time }));
      expect(await stored(topic)).toMatchObject({ time });
      const page = await server.request(`/v1/topics/${topic}/events?from=${encodeURIComponent(time)}`);
      expect(page.status).toBe(200);
    },
  );
});

describe("publishing", () => {
  it("the same id of two sources is two events, whatever the form; other content under a used name is refused", async () => {
    const topic = await newTopic();
    const send = (source: string, data = 1) =>
      server.publish(topic, JSON.stringify({ specversion: "1.0", type: "t", id: "1", source, data }), {
        "content-type": "application/cloudevents+json",
      });
    expect(await (await send("/orders")).json()).toEqual({ events: [{ id: "1", offset: 1, duplicate: false }] });
    expect(await (await send("/billing")).json()).toEqual({ events: [{ id: "1", offset: 2, duplicate: false }] });
    expect(await (await send("/billing")).json()).toEqual({ events: [{ id: "1", offset: 2, duplicate: true }] });
    const refused = await send("/billing", 2);
    expect(refused.status).toBe(409);
    expect(await refused.json()).toMatchObject({ code: "id-reused", id: "1", source: "/billing", offset: 2 });
    // Without a source it is that of everybody who gives none.
    const plain = async (body: object) => (await server.publish(topic, JSON.stringify({ type: "t", ...body }))).json();
    expect(await plain({ id: "1" })).toMatchObject({ events: [{ offset: 3, duplicate: false }] });
    expect(await plain({ id: "1", source: "/" })).toMatchObject({ events: [{ offset: 3, duplicate: true }] });
    const long = await server.publish(
      topic,
      JSON.stringify({ type: "t", id: "€".repeat(200), source: "x".repeat(2048) }),
    );
    expect([long.status, ((await long.json()) as { errors: unknown[] }).errors]).toMatchObject([
      400,
      [{ field: "source" }],
    ]);
  });

  it("again with the same id gives the first offset", async () => {
    const topic = await newTopic();
    const first = await server.publish(topic, '{"type":"t","id":"a"}');
    const again = await server.publish(topic, '{"events":[{"type":"t","id":"b"},{"type":"t","id":"a"}]}');
    expect(await first.json()).toEqual({ events: [{ id: "a", offset: 1, duplicate: false }] });
    expect(((await again.json()) as PublishResult).events).toEqual([
      { id: "b", offset: 2, duplicate: false },
      { id: "a", offset: 1, duplicate: true },
    ]);
  });

  it("with an expectation that does not hold is refused with the actual offsets, a key called __proto__ included", async () => {
    const topic = await newTopic();
    const body = (expected: number) => `{"events":[{"type":"t","key":"__proto__"}],"expect":{"__proto__":${expected}}}`;
    expect((await server.publish(topic, body(0))).status).toBe(201);
    const refused = await server.publish(topic, body(0));
    expect([refused.status, ((await refused.json()) as { code: string }).code]).toEqual([409, "unexpected-offset"]);
    expect((await server.publish(topic, body(1))).status).toBe(201);
  });
});

describe("types and keys of any spelling", () => {
  const SPELLINGS = [".", "..", "a,b", "a", "b", "a/b", "100%", "%2e%2E", "a&b=c", "a+b", "käse €", "?", "#"];

  it("are asked for by name: a list when given once, literally when given more than once", async () => {
    const topic = await newTopic();
    const events = SPELLINGS.map((it) => ({ type: it, key: it, data: it }));
    expect((await server.publish(topic, JSON.stringify({ events }))).status).toBe(201);
    const read = async (query: URLSearchParams): Promise<string[]> => {
      const page = await server.request(`/v1/topics/${topic}/events?${query}`);
      return ((await page.json()) as { events: { data: string }[] }).events.map((it) => it.data);
    };
    for (const spelling of SPELLINGS) {
      expect(await read(new URLSearchParams({ key: spelling }))).toEqual([spelling]);
      const twice = [spelling, spelling].map((it): [string, string] => ["types", it]);
      expect(await read(new URLSearchParams(twice))).toEqual([spelling]);
    }
    expect(await read(new URLSearchParams({ types: "a,b" }))).toEqual(["a", "b"]);
    expect(
      await read(
        new URLSearchParams([
          ["types", "a,b"],
          ["types", "a"],
        ]),
      ),
    ).toEqual(["a,b", "a"]);
    expect(
      await read(
        new URLSearchParams([
          ["key", "a,b"],
          ["key", ".."],
        ]),
      ),
    ).toEqual(["..", "a,b"]);
    const frames = await follow(server, topic, { query: "?after=0&types=a%2Cb&types=.&key=a%2Cb&key=..&key=." });
    const seen = await frames.until((all) => all.some((frame) => frame.event === "caught-up"));
    expect(eventsOf(seen).map((frame) => (JSON.parse(frame.data) as { data: string }).data)).toEqual([".", "a,b"]);
    frames.close();
  });
});

describe("pages", () => {
  it("go both ways, filter, and start at a time", async () => {
    const topic = await newTopic();
    const events = [1, 2, 3, 4, 5].map((n) => ({ type: n % 2 === 0 ? "even" : "odd", key: `k${n % 3}`, data: n }));
    await server.publish(topic, JSON.stringify({ events }));
    const read = async (query: string) => {
      const page = (await (await server.request(`/v1/topics/${topic}/events?${query}`)).json()) as {
        events: { data: number; recordedtime: string }[];
        next: number | null;
      };
      return [page.events.map((it) => it.data), page.next];
    };
    expect(await read("limit=2")).toEqual([[1, 2], 2]);
    expect(await read("after=2&limit=2")).toEqual([[3, 4], 4]);
    expect(await read("order=desc&limit=2")).toEqual([[5, 4], 4]);
    expect(await read("order=desc&after=4&limit=5")).toEqual([[3, 2, 1], null]);
    expect(await read("types=even")).toEqual([[2, 4], null]);
    expect(await read("types=even,odd&key=k1")).toEqual([[1, 4], null]);
    expect(await read("types=even&types=odd&key=k0")).toEqual([[3], null]);
    expect(await read("key=k1&key=k2")).toEqual([[1, 2, 4, 5], null]);
    expect(await read("from=earliest")).toEqual([[1, 2, 3, 4, 5], null]);
    expect(await read("from=latest")).toEqual([[], null]);
    expect(await read("from=latest&order=desc&limit=2")).toEqual([[5, 4], 4]);
    expect(await read("from=earliest&order=desc")).toEqual([[1], null]);
    expect(await read("from=2000-01-01T00:00:00Z")).toEqual([[1, 2, 3, 4, 5], null]);
    expect(await read("from=2100-01-01T00:00:00Z")).toEqual([[], null]);
  });
});
