import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ConnectionWatch } from "./connection-watch.ts";
import { type Client, createClient, MillraceError } from "./create-client.ts";
import { FakeServer, problem } from "./testing/fake-server.ts";

let server: FakeServer;
let stop: AbortController;
beforeEach(async () => {
  server = await FakeServer.start();
  stop = new AbortController();
});
afterEach(async () => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  stop.abort();
  await server.stop();
});

const clientAt = (url: string): Client => createClient({ url, apiKey: "k" });
const broken = new MillraceError("unreachable", "nobody is there", 0);
/** A port at which nobody listens any more. */
async function deadUrl(): Promise<string> {
  const gone = await FakeServer.start();
  const { url } = gone;
  await gone.stop();
  return url;
}

test("an outage is told attempt by attempt, and its end once", () => {
  const heard: unknown[] = [];
  const watch = new ConnectionWatch("topic 't'", {
    onDisconnect: (error, attempt) => heard.push([error.message, attempt]),
    onReconnect: () => heard.push("again"),
  });
  watch.connecting();
  watch.connected();
  for (let i = 0; i < 2; i++) watch.failed(broken);
  watch.connected();
  watch.failed(broken);
  expect(heard).toEqual([["nobody is there", 1], ["nobody is there", 2], "again", ["nobody is there", 1]]);
  watch.stop();
});

test("where nobody listens, one warning says so after some seconds, and one when it is over", () => {
  vi.useFakeTimers();
  const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
  const watch = new ConnectionWatch("topic 't' at http://x", {});
  watch.connecting();
  watch.failed(broken);
  vi.advanceTimersByTime(4_000);
  watch.connected();
  watch.failed(broken);
  vi.advanceTimersByTime(4_999);
  expect(warn).not.toHaveBeenCalled();
  vi.advanceTimersByTime(60_000);
  watch.failed(broken);
  vi.advanceTimersByTime(60_000);
  watch.connected();
  expect(warn.mock.calls.flat()).toEqual([
    "millrace: topic 't' at http://x is not connected for 5 s, and goes on trying: nobody is there",
    "millrace: topic 't' at http://x is connected",
  ]);
});

test("an attempt that hangs is warned of, too; one that is stopped is not", () => {
  vi.useFakeTimers();
  const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
  const stopped = new ConnectionWatch("a", {});
  stopped.connecting();
  stopped.stop();
  new ConnectionWatch("b", {}).connecting();
  vi.advanceTimersByTime(10_000);
  expect(warn.mock.calls.flat()).toEqual(["millrace: b is not connected for 5 s, and goes on trying: no answer yet"]);
});

test.each(["consume", "follow"])("%s at an address where nobody listens says so at once", async (what) => {
  const client = clientAt(await deadUrl());
  const heard = await new Promise<[MillraceError, number]>((resolve) => {
    const options = {
      signal: stop.signal,
      onDisconnect: (error: MillraceError, attempt: number) => resolve([error, attempt]),
    };
    if (what === "consume") void client.consume("c", () => {}, options);
    else void client.follow("t", options).next();
  });
  expect(heard[0]).toMatchObject({ code: "unreachable", message: expect.stringMatching(/127.0.0.1.*ECONNREFUSED/) });
  expect(heard[1]).toBe(1);
});

test.each(["consume", "follow"])("%s hears when a connection broke, and when it stands again", async (what) => {
  server.append("t", [{ type: "n" }]);
  const client = clientAt(server.url);
  const heard: unknown[] = [];
  await new Promise<void>((resolve) => {
    let isBroken = false;
    const breakOnce = () => {
      if (!isBroken) setImmediate(() => (what === "consume" ? server.consumer("c").breakOff() : server.dropStreams()));
      isBroken = true;
    };
    const options = {
      signal: stop.signal,
      onAssignment: breakOnce,
      onCaughtUp: breakOnce,
      onDisconnect: (_: MillraceError, attempt: number) => heard.push(attempt),
      onReconnect: () => {
        heard.push("again");
        resolve();
      },
    };
    const follow = async () => {
      for await (const _ of client.follow("t", options));
    };
    if (what === "consume") void client.consume("c", () => {}, options);
    else void follow();
  });
  expect(heard).toEqual([1, "again"]);
});

test.each([401, 403, 404])("a refusal with %i is thrown, whatever wants to connect", async (status) => {
  const client = clientAt(server.url);
  const refuse = () =>
    server.fault("GET", ({ response }) => {
      problem(response, status, "no");
      return true;
    });
  refuse();
  await expect(client.consume("c", () => {})).rejects.toMatchObject({ status });
  refuse();
  await expect(client.follow("t").next()).rejects.toMatchObject({ status });
});

test("an address that answers with something else than a stream is refused by name", async () => {
  server.fault("GET", ({ response }) => {
    response.writeHead(200, { "content-type": "text/html" }).end("<h1>It works!</h1>");
    return true;
  });
  const following = clientAt(server.url).follow("t").next();
  await expect(following).rejects.toThrow(`${server.url} answered with 'text/html' instead of a stream`);
});

test.each(["", "/", "/v1", "/v1/", "//"])("the server's address may end in '%s'", async (end) => {
  server.append("t", [{ type: "n" }]);
  const { value } = await clientAt(server.url + end)
    .follow("t", { signal: stop.signal })
    .next();
  expect(value?.offset).toBe(1);
  expect(server.requests).toEqual(["GET /v1/topics/t/events?from=earliest"]);
});
