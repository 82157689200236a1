import { connect, type Socket } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { eventsOf, follow, type RunningServer, runningServer, SECRET } from "./testing/running-server.ts";

let server: RunningServer;
let topics = 0;
beforeAll(async () => {
  server = await runningServer();
});
afterAll(() => server.close());

async function topicWith(count: number): Promise<string> {
  topics += 1;
  const topic = `follow-${topics}`;
  await server.declareTopic(topic);
  await publish(topic, 1, count);
  return topic;
}

async function publish(topic: string, from: number, count: number): Promise<void> {
  for (let start = from; start < from + count; start += 1000) {
    const events = Array.from({ length: Math.min(1000, from + count - start) }, (_, index) => ({
      type: (start + index) % 2 === 0 ? "even" : "odd",
      key: `k${(start + index) % 3}`,
      data: start + index,
    }));
    if (events.length > 0) await server.publish(topic, JSON.stringify({ events }));
  }
}

const isCaughtUp = (frames: readonly { event?: string | undefined }[]) => frames.some((it) => it.event === "caught-up");
const ids = (frames: readonly { id?: string | undefined; event?: string | undefined }[]) =>
  frames.filter((it) => it.event === undefined).map((it) => Number(it.id));
const upTo = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);

describe("a follower starts", () => {
  it.each([
    ["?after=0", {}, [1, 2, 3]],
    ["?after=2", {}, [3]],
    ["?from=earliest", {}, [1, 2, 3]],
    ["?from=latest", {}, []],
    ["", {}, []],
    ["?from=2000-01-01T00:00:00Z", {}, [1, 2, 3]],
    ["?from=2100-01-01T00:00:00Z", {}, []],
    ["?after=0", { "last-event-id": "2" }, [3]],
    ["?from=latest", { "last-event-id": "0" }, [1, 2, 3]],
    ["?after=0&types=even", {}, [2]],
    ["?after=0&key=k0", {}, [3]],
    ["?after=0&key=k0&types=even", {}, []],
  ])("with %s and %o", async (query, headers, expected) => {
    const topic = await topicWith(3);
    const frames = await follow(server, topic, { query, headers });
    const seen = await frames.until(isCaughtUp);
    expect(ids(seen)).toEqual(expected);
    expect(seen.at(-1)).toMatchObject({ event: "caught-up", data: '{"offset":3}', id: "3" });
    expect(frames.retryMs).toBeGreaterThanOrEqual(2_000);
    expect(frames.retryMs).toBeLessThan(5_000);
    frames.close();
  });

  it("at an empty topic, and is told that it is at the end", async () => {
    const frames = await follow(server, await topicWith(0), { query: "?from=earliest" });
    expect(await frames.until(isCaughtUp)).toMatchObject([{ event: "caught-up", data: '{"offset":0}' }]);
    frames.close();
  });

  it("with headers that no proxy may change", async () => {
    const abort = new AbortController();
    const path = `/v1/topics/${await topicWith(0)}/events`;
    const response = await server.request(path, { headers: { accept: "text/event-stream" }, signal: abort.signal });
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-cache, no-transform",
      "x-accel-buffering": "no",
      "access-control-allow-origin": "*",
    });
    expect(response.headers.get("content-encoding")).toBeNull();
    abort.abort();
  });
});

describe("a follower sees every event once and in order", () => {
  it("when it catches up while others publish", async () => {
    const topic = await topicWith(20_000);
    const streams = [];
    let published = 20_000;
    for (let round = 0; round < 5; round += 1) {
      streams.push(await follow(server, topic, { query: "?after=0" }));
      await publish(topic, published + 1, 500);
      published += 500;
    }
    for (const frames of streams) {
      const seen = await frames.until((all) => eventsOf(all).length >= published);
      expect(ids(seen)).toEqual(upTo(1, published));
      expect(seen.filter((it) => it.event === "caught-up")).toHaveLength(1);
      frames.close();
    }
  });

  it("across a reconnect with Last-Event-ID, filtered or not", async () => {
    const topic = await topicWith(10);
    const first = await follow(server, topic, { query: "?after=0&types=odd" });
    await first.until((all) => eventsOf(all).length >= 2);
    first.close();
    await publish(topic, 11, 10);
    const headers = { "last-event-id": "3" };
    const second = await follow(server, topic, { query: "?after=0&types=odd", headers });
    expect(ids(await second.until((all) => eventsOf(all).length >= 8))).toEqual([5, 7, 9, 11, 13, 15, 17, 19]);
    second.close();
  });

  it("told of a gap when retention has passed its place", async () => {
    const topic = await topicWith(10);
    const { pool } = server.database.database;
    await pool.query(`UPDATE topic_head SET tail = 6 FROM topic WHERE topic.id = topic_id AND name = '${topic}'`);
    const frames = await follow(server, topic, { query: "?after=2" });
    const seen = await frames.until((all) => eventsOf(all).length >= 5);
    expect(seen[0]).toMatchObject({ event: "gap", data: '{"requested":3,"firstAvailable":6}', id: "5" });
    expect(ids(seen)).toEqual([6, 7, 8, 9, 10]);
    frames.close();
    const earliest = await follow(server, topic, { query: "?from=earliest" });
    expect((await earliest.until(isCaughtUp)).map((it) => it.event)).not.toContain("gap");
    earliest.close();
  });
});

describe("a place beyond the head", () => {
  it.each([
    ["?after=7", {}],
    ["?after=0", { "last-event-id": "7" }],
  ])("asked for with %s and %o is told first, and following goes on from the head", async (query, headers) => {
    const topic = await topicWith(3);
    const frames = await follow(server, topic, { query, headers });
    const ahead = { event: "ahead", data: '{"requested":7,"head":3}', id: "3" };
    expect(await frames.until(isCaughtUp)).toMatchObject([
      ahead,
      { event: "caught-up", data: '{"offset":3}', id: "3" },
    ]);
    await publish(topic, 4, 2);
    expect(ids(await frames.until((all) => eventsOf(all).length === 2))).toEqual([4, 5]);
    frames.close();
    const page = await server.request(`/v1/topics/${topic}/events?after=9`);
    expect(await page.json()).toEqual({ events: [], next: null, ahead: { requested: 9, head: 5 } });
    const end = await server.request(`/v1/topics/${topic}/events?after=5`);
    expect(await end.json()).toEqual({ events: [], next: null });
  });
});

describe("behind a filter that lets nothing through", () => {
  it("a follower is told its place, by an id, so that it need not look through all of it again", async () => {
    const topic = await topicWith(25_000);
    const frames = await follow(server, topic, { query: "?after=0&types=rare" });
    const [first, ...rest] = await frames.until(isCaughtUp);
    if (first?.event === "passed") expect(Number(first.id)).toBeGreaterThanOrEqual(10_000);
    expect([first, ...rest].at(-1)).toMatchObject({ event: "caught-up", id: "25000" });
    // Live, too: twelve thousand more that do not pass.
    await publish(topic, 25_001, 12_000);
    const seen = await frames.until((all) => all.filter((it) => Number(it.id) > 25_000).length > 0);
    const passed = seen.at(-1);
    expect(passed?.event).toBe("passed");
    expect(Number(passed?.id)).toBeGreaterThanOrEqual(35_000);
    expect(passed?.data).toBe(`{"offset":${passed?.id}}`);
    frames.close();
  });
});

describe("a stream says whether it ended or broke off", () => {
  const sockets: Socket[] = [];
  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.destroy();
  });

  const raw = async (topic: string, version: string): Promise<() => string> => {
    const { hostname, port } = new URL(server.url);
    const socket = connect(Number(port), hostname);
    let answer = "";
    socket.on("data", (bytes) => {
      answer += bytes.toString();
    });
    socket.write(
      `GET /v1/topics/${topic}/events?after=0 HTTP/${version}\r\nhost: x\r\naccept: text/event-stream\r\nauthorization: Bearer ${SECRET}\r\n\r\n`,
    );
    await expect.poll(() => answer).toContain("caught-up");
    sockets.push(socket);
    return () => answer;
  };

  it("by chunks of which the last one is empty, when the server ends it", async () => {
    const topic = await topicWith(2);
    const { id, secret } = await server.createKey([{ action: "read", pattern: "*" }]);
    const response = await server.request(`/v1/topics/${topic}/events?after=0`, {
      headers: { accept: "text/event-stream", authorization: `Bearer ${secret}` },
    });
    expect(response.headers.get("transfer-encoding")).toBe("chunked");
    await server.revokeKey(id);
    expect(await response.text()).toContain("caught-up");
  });

  it("by its chunks: what breaks off is no end", async () => {
    const topic = await topicWith(2);
    const answer = await raw(topic, "1.1");
    const chunks = answer().split("\r\n\r\n").slice(1).join("\r\n\r\n");
    expect(chunks).toMatch(/^[0-9a-f]+\r\nretry: \d+\n\n\r\n[0-9a-f]+\r\nid: 1\n/);
    expect(chunks).not.toContain("\r\n0\r\n");
    // Every chunk is as long as it says, or a client would read nonsense from here on.
    let rest = Buffer.from(chunks);
    while (rest.length > 0) {
      const lineEnd = rest.indexOf("\r\n");
      const size = Number.parseInt(rest.subarray(0, lineEnd).toString(), 16);
      expect(rest.subarray(lineEnd + 2 + size, lineEnd + 4 + size).toString()).toBe("\r\n");
      rest = rest.subarray(lineEnd + 4 + size);
    }
  });

  it("is given to a client of HTTP/1.0, a proxy perhaps, without chunks", async () => {
    const topic = await topicWith(2);
    const answer = await raw(topic, "1.0");
    expect(answer()).not.toMatch(/transfer-encoding/i);
    expect(answer().split("\r\n\r\n")[1]).toMatch(/^retry: \d+\n\nid: 1\n/);
  });
});

describe("a stream ends", () => {
  it("when its key is revoked, and the others live on", async () => {
    const topic = await topicWith(0);
    const { id, secret } = await server.createKey([{ action: "read", pattern: "*" }]);
    const doomed = await follow(server, topic, { headers: { authorization: `Bearer ${secret}` } });
    const other = await follow(server, topic);
    await server.revokeKey(id);
    await doomed.ended;
    await publish(topic, 1, 1);
    await other.until((all) => eventsOf(all).length === 1);
    other.close();
  });

  it("at both ends when the client leaves, with nothing left behind", async () => {
    const topic = await topicWith(1);
    const frames = await follow(server, topic, { query: "?after=0" });
    await frames.until(isCaughtUp);
    const open = async () => /millrace_streams_open (\d+)/.exec(await (await server.request("/metrics")).text())?.[1];
    const before = Number(await open());
    frames.close();
    await expect.poll(open).toBe(String(before - 1));
  });
});

describe("a stopping server", () => {
  it("ends its streams cleanly", async () => {
    const stopping = await runningServer();
    await stopping.declareTopic("t");
    const frames = await follow(stopping, "t");
    await frames.until(isCaughtUp);
    await stopping.close();
    await frames.ended;
  });
});
