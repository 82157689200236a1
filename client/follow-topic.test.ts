import { afterEach, beforeEach, expect, test } from "vitest";
import { AheadError, type Client, createClient, GapError } from "./create-client.ts";
import { FakeServer, problem, stream, topicFrame } from "./testing/fake-server.ts";

let server: FakeServer;
let client: Client;
beforeEach(async () => {
  server = await FakeServer.start();
  client = createClient({ url: server.url, apiKey: "k" });
});
afterEach(() => server.stop());

const publish = (count: number) =>
  server.append(
    "t",
    Array.from({ length: count }, (_, i) => ({ type: "n", data: i })),
  );

async function take(count: number, options: Parameters<Client["follow"]>[1] = {}): Promise<number[]> {
  const offsets: number[] = [];
  for await (const { offset } of client.follow("t", options)) {
    offsets.push(offset);
    if (offsets.length === count) break;
  }
  return offsets;
}

test("a disconnect in the middle of a frame loses and repeats nothing", async () => {
  publish(5);
  server.fault("GET", ({ response }) => {
    stream(response);
    const frames = server.topics.get("t")?.map(topicFrame).join("") ?? "";
    response.write(frames.slice(0, frames.length - 50), () => response.destroy());
    return true;
  });
  expect(await take(5)).toEqual([1, 2, 3, 4, 5]);
  expect(server.requests[0]).toContain("from=earliest");
  expect(server.requests[1]).toMatch(/after=4$/);
});

test("frames that come twice are given once", async () => {
  publish(3);
  server.fault("GET", ({ response }) => {
    stream(response);
    const [one = "", two = "", three = ""] = server.topics.get("t")?.map(topicFrame) ?? [];
    response.write(one + two + one + two + three);
    return true;
  });
  expect(await take(3)).toEqual([1, 2, 3]);
});

test("a frame whose bytes come one by one, within a character, too, is read whole", async () => {
  server.append("t", [{ type: "n", data: "ä€😀\u2028" }]);
  server.fault("GET", ({ response }) => {
    stream(response);
    const bytes = Buffer.from(server.topics.get("t")?.map(topicFrame).join("") ?? "");
    let i = 0;
    const next = () => void (i < bytes.length && response.write(bytes.subarray(i, ++i), () => setImmediate(next)));
    next();
    return true;
  });
  for await (const { event } of client.follow("t")) {
    expect(event.data).toBe("ä€😀\u2028");
    break;
  }
});

test("live events follow the stored ones, and `caught-up` tells where", async () => {
  publish(2);
  const caughtUp: number[] = [];
  const onCaughtUp = (offset: number) => {
    caughtUp.push(offset);
    publish(2);
  };
  expect(await take(3, { after: 1, onCaughtUp })).toEqual([2, 3, 4]);
  expect(caughtUp).toEqual([2]);
});

test("from `latest`, nothing is missed when the connection breaks before the first event", async () => {
  publish(2);
  const following = take(1, {
    from: "latest",
    onCaughtUp: () => {
      if (server.requests.length === 1) server.dropStreams();
    },
  });
  server.onDropped = () => publish(1);
  expect(await following).toEqual([3]);
});

test("a silent connection counts as dead and is opened again", async () => {
  publish(1);
  server.fault("GET", ({ response }) => {
    stream(response);
    return true;
  });
  expect(await take(1, { idleMs: 50 })).toEqual([1]);
  expect(server.requests).toHaveLength(2);
});

test("a gap is thrown, never skipped in silence; with onGap following goes on", async () => {
  publish(9);
  const gap = () =>
    server.fault("GET", ({ response }) => {
      stream(response);
      response.write('event: gap\ndata: {"requested":3,"firstAvailable":8}\n\n');
      for (const event of server.topics.get("t")?.slice(7) ?? []) response.write(topicFrame(event));
      return true;
    });
  gap();
  const refused = await take(1, { after: 2 }).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(GapError);
  expect(refused).toMatchObject({ requested: 3, firstAvailable: 8 });
  gap();
  const gaps: unknown[] = [];
  expect(await take(2, { after: 2, onGap: (it) => gaps.push(it) })).toEqual([8, 9]);
  expect(gaps).toEqual([{ requested: 3, firstAvailable: 8 }]);
});

test("a topic that ends before the place asked for is thrown; with onAhead following goes on from its head", async () => {
  publish(3);
  const ahead = () =>
    server.fault("GET", ({ response }) => {
      stream(response);
      response.write('id: 3\nevent: ahead\ndata: {"requested":7,"head":3}\n\n', () => response.destroy());
      return true;
    });
  ahead();
  const refused = await take(1, { after: 7 }).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(AheadError);
  expect(refused).toMatchObject({ code: "ahead", requested: 7, head: 3 });
  ahead();
  const told: unknown[] = [];
  const following = take(2, {
    after: 7,
    onAhead: (it) => {
      told.push(it);
      publish(2);
    },
  });
  expect(await following).toEqual([4, 5]);
  expect(told).toEqual([{ requested: 7, head: 3 }]);
  expect(server.requests.at(-1)).toMatch(/after=3$/);
});

test("what a filter has passed over is not asked for again", async () => {
  publish(5);
  server.fault("GET", ({ response }) => {
    stream(response);
    response.write('id: 4\nevent: passed\ndata: {"offset":4}\n\n', () => response.destroy());
    return true;
  });
  expect(await take(1, { types: ["n"] })).toEqual([5]);
  expect(server.requests[1]).toContain("after=4");
});

test("types and keys are asked for as they are spelt", async () => {
  publish(1);
  await take(1, { types: ["a,b"] });
  await take(1, { types: ["a,b", "c"] });
  await server.quiet();
  const queries = server.requests.map((it) => new URLSearchParams(it.split("?")[1]));
  expect(queries.map((it) => it.getAll("types"))).toEqual([
    ["a,b", "a,b"],
    ["a,b", "c"],
  ]);
});

test("503 is waited out; 404 is thrown", async () => {
  publish(1);
  server.fault("GET", ({ response }) => {
    problem(response, 503, "database-unavailable");
    return true;
  });
  expect(await take(1)).toEqual([1]);
  server.fault("GET", ({ response }) => {
    problem(response, 404, "topic-not-found");
    return true;
  });
  await expect(take(1)).rejects.toMatchObject({ code: "topic-not-found" });
});

test("an abort ends the iteration quietly, and leaving the loop closes the connection", async () => {
  publish(1);
  const stop = new AbortController();
  const offsets: number[] = [];
  for await (const { offset } of client.follow("t", { signal: stop.signal })) {
    offsets.push(offset);
    setImmediate(() => stop.abort());
  }
  expect(offsets).toEqual([1]);
  await take(1);
  await server.quiet();
});

test("a reader that does not ask holds the server back", async () => {
  let written = 0;
  server.fault("GET", ({ response }) => {
    stream(response);
    const filler = "x".repeat(100_000);
    const more = () => {
      while (!response.destroyed && written < 2_000) {
        const event = {
          specversion: "1.0",
          id: `${written}`,
          type: "n",
          source: "/",
          topic: "t",
          data: filler,
        } as const;
        const frame = topicFrame({ ...event, sequence: String(++written), recordedtime: "" });
        if (!response.write(frame)) return void response.once("drain", more);
      }
    };
    more();
    return true;
  });
  const events = client.follow("t");
  await events.next();
  const before = await server.settledWrites(() => written);
  expect(before).toBeLessThan(500);
  await events.return();
});
