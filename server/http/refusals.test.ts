import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Problem } from "../contract/problem.ts";
import { type RunningServer, runningServer, SECRET } from "./testing/running-server.ts";

let server: RunningServer;
beforeAll(async () => {
  server = await runningServer();
  await server.declareTopic("orders");
});
afterAll(() => server.close());

async function problem(response: Response): Promise<{ status: number; problem: Problem; fields: string[] }> {
  expect(response.headers.get("content-type")).toBe("application/problem+json");
  const body = (await response.json()) as Problem;
  expect(body).toMatchObject({ status: response.status, type: `/docs/problems#${body.code}` });
  expect(body.instance).toBe(response.headers.get("x-request-id"));
  return { status: response.status, problem: body, fields: (body.errors ?? []).map((it) => it.field) };
}

async function refused(answer: Promise<Response>, status: number, code: string, fields?: string[]): Promise<Problem> {
  const got = await problem(await answer);
  expect([got.status, got.problem.code]).toEqual([status, code]);
  if (fields !== undefined) expect(got.fields.sort()).toEqual(fields.sort());
  return got.problem;
}

const publish = (body: string | Uint8Array, headers?: Record<string, string>) =>
  server.publish("orders", body, headers);

describe("a publish is refused whole, with the field named", () => {
  it.each([
    ["an unknown field", '{"type":"a","colour":"red"}', ["colour"]],
    ["a missing type", '{"data":1}', ["type"]],
    ["a type that is no text", '{"type":7}', ["type"]],
    ["an empty type", '{"type":""}', ["type"]],
    ["a type of 257 characters", JSON.stringify({ type: "x".repeat(257) }), ["type"]],
    ["a key of 257 characters", JSON.stringify({ type: "a", key: "x".repeat(257) }), ["key"]],
    ["a lone surrogate in the key", '{"type":"a","key":"\\ud800"}', ["key"]],
    ["a control character in the id", '{"type":"a","id":"a\\u0000"}', ["id"]],
    ["a control character in the source", '{"type":"a","source":"/\\u0000"}', ["source"]],
    ["a line break in the subject", '{"type":"a","subject":"a\\nb"}', ["subject"]],
    ["a lone surrogate in the dataschema", '{"type":"a","dataschema":"\\udc00"}', ["dataschema"]],
    ["a control character in an extension", '{"type":"a","extensions":{"trace":"\\u0001"}}', ["extensions.trace"]],
    [
      "a control character in one event of many",
      '{"events":[{"type":"a"},{"type":"a","subject":"\\u0000"}]}',
      ["events[1].subject"],
    ],
    ["a time without a zone", '{"type":"a","time":"2026-11-20T21:00:00"}', ["time"]],
    ["__proto__ as a field", '{"type":"a","__proto__":{"admin":true}}', ["__proto__"]],
    ["__proto__ as an extension", '{"type":"a","extensions":{"__proto__":"x"}}', ["extensions.__proto__"]],
    ["an extension named as an attribute", '{"type":"a","extensions":{"sequence":"1"}}', ["extensions.sequence"]],
    ["an extension in upper case", '{"type":"a","extensions":{"Trace":"1"}}', ["extensions.Trace"]],
    ["an empty batch", '{"events":[]}', ["events"]],
    [
      "a fault in one event of many",
      '{"events":[{"type":"a"},{"type":1},{"type":"b","x":1}]}',
      ["events[1].type", "events[2].x"],
    ],
    ["an event that is none", '{"events":[1]}', ["events[0]"]],
    ["1,001 events", JSON.stringify({ events: Array(1001).fill({ type: "a" }) }), ["events"]],
    ["a negative expectation", '{"events":[{"type":"a"}],"expect":{"k":-1}}', ["expect.k"]],
    ["an expectation of __proto__", '{"events":[{"type":"a"}],"expect":{"__proto__":"x"}}', ["expect.__proto__"]],
    ["an array", "[]", [""]],
    ["null", "null", [""]],
    ["513 levels of nesting", `{"type":"a","data":${"[".repeat(513)}${"]".repeat(513)}}`, ["data"]],
    [
      "513 levels of nesting in a batch",
      `{"events":[{"type":"a"},{"type":"a","data":${"[".repeat(513)}${"]".repeat(513)}}]}`,
      ["events[1].data"],
    ],
  ])("%s", async (_name, body, fields) => {
    await refused(publish(body), 400, "invalid-input", fields);
    const page = (await (await server.request("/v1/topics/orders/events")).json()) as { events: unknown[] };
    expect(page.events).toEqual([]);
  });

  it.each([
    ["a missing source", '{"specversion":"1.0","id":"1","type":"a"}', ["source"]],
    ["another version", '{"specversion":"0.3","id":"1","type":"a","source":"/"}', ["specversion"]],
    [
      "what Millrace writes itself",
      '{"specversion":"1.0","id":"1","type":"a","source":"/","sequence":"1","topic":"x","recordedtime":"x"}',
      ["recordedtime", "sequence", "topic"],
    ],
    [
      "data twice",
      '{"specversion":"1.0","id":"1","type":"a","source":"/","data":1,"data_base64":"AA=="}',
      ["data_base64"],
    ],
    [
      "data that is not base64",
      '{"specversion":"1.0","id":"1","type":"a","source":"/","data_base64":"A"}',
      ["data_base64"],
    ],
    [
      "control characters and lone surrogates",
      '{"specversion":"1.0","id":"1","type":"a","source":"/\\u0000","subject":"\\ud800","dataschema":"\\u0001","datacontenttype":"\\u0000","trace":"\\u0000"}',
      ["source", "subject", "dataschema", "datacontenttype", "trace"],
    ],
    ["a required attribute that is null", '{"specversion":"1.0","id":null,"type":"a","source":"/"}', ["id"]],
    ["an extension that is an object", '{"specversion":"1.0","id":"1","type":"a","source":"/","trace":{}}', ["trace"]],
    [
      "an extension with a bad name",
      '{"specversion":"1.0","id":"1","type":"a","source":"/","trace_id":"1"}',
      ["trace_id"],
    ],
  ])("a CloudEvent with %s", async (_name, body, fields) => {
    await refused(publish(body, { "content-type": "application/cloudevents+json" }), 400, "invalid-input", fields);
    const batch = { "content-type": "application/cloudevents-batch+json" };
    await refused(
      publish(`[${body}]`, batch),
      400,
      "invalid-input",
      fields.map((it) => `[0].${it}`),
    );
  });

  it("a batch of CloudEvents that is empty or none", async () => {
    const batch = { "content-type": "application/cloudevents-batch+json" };
    await refused(publish("[]", batch), 400, "invalid-input", [""]);
    await refused(publish("{}", batch), 400, "invalid-input", [""]);
  });

  it.each([
    ["a missing attribute", { "ce-specversion": "1.0", "ce-id": "1", "ce-type": "a" }, ["ce-source"]],
    [
      "escapes that are not UTF-8",
      { "ce-specversion": "1.0", "ce-id": "%ff", "ce-type": "a", "ce-source": "/", "ce-subject": "%E2%82" },
      ["ce-id", "ce-subject"],
    ],
    [
      "bytes that are not UTF-8",
      { "ce-specversion": "1.0", "ce-id": "1", "ce-type": "a", "ce-source": "/", "ce-subject": "caf\u00e9" },
      ["ce-subject"],
    ],
    [
      "control characters",
      {
        "ce-specversion": "1.0",
        "ce-id": "1",
        "ce-type": "a",
        "ce-source": "/",
        "ce-subject": "a%00",
        "ce-trace": "%0a",
      },
      ["ce-subject", "ce-trace"],
    ],
    [
      "a name that is no extension's",
      { "ce-specversion": "1.0", "ce-id": "1", "ce-type": "a", "ce-source": "/", "ce-__proto__": "1", "ce-x-y": "1" },
      ["ce-__proto__", "ce-x-y"],
    ],
    [
      "datacontenttype as a header",
      { "ce-specversion": "1.0", "ce-id": "1", "ce-type": "a", "ce-source": "/", "ce-datacontenttype": "x" },
      ["ce-datacontenttype"],
    ],
  ])("binary mode with %s", async (_name, headers, fields) => {
    await refused(publish("x", { ...headers, "content-type": "text/plain" }), 400, "invalid-input", fields);
  });

  it("malformed JSON, with the place", async () => {
    expect(await refused(publish('{"type":"a" "b"}'), 400, "malformed-json")).toMatchObject({ position: 12 });
    await refused(publish(""), 400, "malformed-json");
    const binary = { "ce-specversion": "1.0", "ce-id": "1", "ce-type": "a", "ce-source": "/" };
    await refused(publish("{", { ...binary, "content-type": "application/json" }), 400, "malformed-json");
  });

  it("invalid UTF-8", async () => {
    const body = Buffer.concat([Buffer.from('{"type":"a'), Buffer.from([0xff]), Buffer.from('"}')]);
    await refused(publish(body), 400, "invalid-utf8");
  });

  it("content types and encodings it cannot read", async () => {
    await refused(publish("{}", { "content-type": "text/plain" }), 415, "unsupported-media-type");
    await refused(publish("{}", { "content-encoding": "gzip" }), 415, "unsupported-media-type");
  });

  it("an event above 1 MiB", async () => {
    const data = "x".repeat(1024 * 1024);
    await refused(publish(JSON.stringify({ type: "a", data })), 413, "payload-too-large", [""]);
    const batch = JSON.stringify({ events: [{ type: "a" }, { type: "a", data }] });
    await refused(publish(batch), 413, "payload-too-large", ["events[1]"]);
  });

  it("an unknown topic, and a name that cannot be one", async () => {
    await refused(server.publish("nowhere", '{"type":"a"}'), 404, "topic-not-found");
    await refused(server.publish("UPPER", '{"type":"a"}'), 400, "invalid-input", ["topic"]);
  });
});

describe("a body above 8 MiB is refused before it is read", () => {
  const head = `POST /v1/topics/orders/events HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${SECRET}\r\ncontent-type: application/json\r\n`;

  function answerTo(start: string, more?: Buffer): Promise<string> {
    const { hostname, port } = new URL(server.url);
    return new Promise((resolve, reject) => {
      const socket = connect(Number(port), hostname, () => {
        socket.write(start);
        if (more === undefined) return;
        const send = (): void => {
          while (socket.writable && socket.write(more));
        };
        socket.on("drain", send);
        send();
      });
      let text = "";
      socket.on("data", (bytes) => {
        text += bytes.toString();
        if (!text.includes("\r\n\r\n{")) return;
        socket.destroy();
        resolve(text);
      });
      socket.on("error", reject);
      socket.on("close", () => resolve(text));
    });
  }

  it("by its Content-Length, without a byte of it", async () => {
    const answer = await answerTo(`${head}content-length: 8388609\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1.1 413 /);
    expect(answer).toContain('"code":"payload-too-large"');
  });

  it("while it streams, and the client reads the answer although it never stops sending", async () => {
    const chunk = Buffer.concat([Buffer.from("10000\r\n"), Buffer.alloc(0x10000, 0x20), Buffer.from("\r\n")]);
    const answer = await answerTo(`${head}transfer-encoding: chunked\r\n\r\n`, chunk);
    expect(answer).toMatch(/^HTTP\/1.1 413 /);
  });
});

describe("a read is refused with the parameter named", () => {
  const get = (path: string, headers?: Record<string, string>) => server.request(path, { headers: headers ?? {} });

  it.each([
    ["after=-1", ["after"]],
    ["after=abc", ["after"]],
    ["after=", ["after"]],
    ["after=9007199254740993", ["after"]],
    ["limit=0", ["limit"]],
    ["limit=1001", ["limit"]],
    ["limit=ten", ["limit"]],
    ["order=up", ["order"]],
    ["from=yesterday", ["from"]],
    ["from=Earliest", ["from"]],
    ["after=1&from=2026-11-20T21:00:00Z", ["from"]],
    ["key=", ["key"]],
    ["key=a&key=", ["key[1]"]],
    ["types=a&types=", ["types[1]"]],
    ["types=a,,b", ["types[1]"]],
    ["after=1&after=2", ["after"]],
    ["colour=red", ["colour"]],
    ["__proto__=1", ["__proto__"]],
  ])("a page with ?%s", async (query, fields) => {
    await refused(get(`/v1/topics/orders/events?${query}`), 400, "invalid-input", fields);
  });

  it.each([
    ["after=-1", ["after"]],
    ["from=yesterday", ["from"]],
    ["limit=5", ["limit"]],
    ["after=1&from=earliest", ["from"]],
  ])("a stream with ?%s", async (query, fields) => {
    const accept = { accept: "text/event-stream" };
    await refused(get(`/v1/topics/orders/events?${query}`, accept), 400, "invalid-input", fields);
  });

  it.each([
    ["member=a&member=b", ["member"]],
    ["order=strict&order=strict", ["order"]],
    ["order=none", ["order"]],
    ["member=.", ["member"]],
    ["member=%2E%2E", ["member"]],
    ["colour=red", ["colour"]],
  ])("a member's stream with ?%s", async (query, fields) => {
    await refused(get(`/v1/consumers/billing/events?${query}`), 400, "invalid-input", fields);
  });

  it("a pull under a name that no goodbye can reach, or as another type", async () => {
    const declaration = {
      method: "PUT",
      headers: { "content-type": "application/json" },
      body: '{"topics":[{"topic":"orders"}]}',
    };
    expect((await server.request("/v1/consumers/billing", declaration)).status).toBe(201);
    const pull = (body: string, type: string) =>
      server.request("/v1/consumers/billing/deliveries", { method: "POST", headers: { "content-type": type }, body });
    await refused(pull('{"member":".."}', "application/json"), 400, "invalid-input", ["member"]);
    const { detail } = await refused(pull("{}", "text/plain"), 415, "unsupported-media-type");
    expect(detail).toBe("The body is taken as application/json.");
  });

  it.each([
    ["Text/Event-Stream", "text/event-stream"],
    ["application/json;q=0.5, text/event-stream; q=0.9", "text/event-stream"],
    ["text/event-stream;q=0, application/json", "application/json"],
    ["text/event-stream; q=0.000", "application/json"],
    ["text/event-streams", "application/json"],
  ])("Accept: %s is answered as %s", async (accept, type) => {
    const leave = new AbortController();
    const answer = await server.request("/v1/topics/orders/events", { headers: { accept }, signal: leave.signal });
    expect(answer.headers.get("content-type")?.split(";", 1)[0]).toBe(type);
    leave.abort();
  });

  it.each(["abc", "-1", "payments/1", "1.5", "99999999999999999"])("a stream with Last-Event-ID %s", async (id) => {
    const headers = { accept: "text/event-stream", "last-event-id": id };
    await refused(get("/v1/topics/orders/events", headers), 400, "invalid-input", ["Last-Event-ID"]);
  });

  it.each([{}, { accept: "text/event-stream" }])(
    "a place that is none, with those that there are, %o",
    async (headers) => {
      const answer = await get("/v1/topics/orders/events?from=beginning", headers);
      expect((await answer.json()) as Problem).toMatchObject({
        errors: [{ field: "from", message: 'must be "earliest", "latest" or an RFC 3339 time' }],
      });
    },
  );

  it("what is not there", async () => {
    await refused(get("/v1/topics/nowhere/events"), 404, "topic-not-found");
    await refused(get("/v1/topics/nowhere/events", { accept: "text/event-stream" }), 404, "topic-not-found");
    await refused(get("/v1/topics/orders/events/999"), 404, "event-not-found");
    await refused(get("/v1/topics/orders/events/0"), 400, "invalid-input", ["offset"]);
    await refused(get("/v1/topics/orders/events/x"), 400, "invalid-input", ["offset"]);
    await refused(get("/v1/nothing"), 404, "not-found");
    const put = server.request("/v1/topics/orders/events", { method: "PUT" });
    expect((await put).headers.get("allow")).toBe("GET, POST");
    await refused(
      put.then((it) => it.clone()),
      405,
      "method-not-allowed",
    );
  });
});

describe("a method that nothing knows", () => {
  // Node takes it, and fetch does not send it.
  const ask = (method: string, path: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const { hostname, port } = new URL(server.url);
      const socket = connect(Number(port), hostname, () => {
        socket.write(
          `${method} ${path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${SECRET}\r\nconnection: close\r\n\r\n`,
        );
      });
      let text = "";
      socket.on("data", (bytes) => {
        text += bytes.toString();
      });
      socket.on("error", reject);
      socket.on("close", () => resolve(text));
    });

  it.each([
    ["/v1/topics/orders/events?after=0", "GET, POST"],
    ["/v1/topics/orders/events/1", "GET"],
    ["/v1/consumers/billing/settlements", "POST"],
    ["/v1/topics/orders", "GET, POST, PUT, PATCH, DELETE"],
    ["/v1/nothing", "GET, POST, PUT, PATCH, DELETE"],
    ["/healthz", "GET"],
    ["/api/trpc/topics.list", "GET, POST"],
    ["/api/auth/session", "GET, POST"],
    ["/topics", "GET, HEAD"],
  ])("is answered 405 at %s, where %s are allowed", async (path, allowed) => {
    for (const method of ["TRACE", "PROPFIND", "LINK"]) {
      const answer = await ask(method, path);
      expect(answer).toMatch(/^HTTP\/1\.1 405 /);
      expect(/^allow: (.*)$/im.exec(answer)?.[1]?.trim()).toBe(allowed);
      expect(answer).toContain('"code":"method-not-allowed"');
    }
  });
});

describe("a caller is refused", () => {
  it("without a key, with a wrong one, and for what its key does not cover", async () => {
    const bare = await fetch(`${server.url}/v1/topics/orders/events`);
    expect(bare.headers.get("www-authenticate")).toBe("Bearer");
    await refused(Promise.resolve(bare), 401, "unauthenticated");
    const as = (authorization: string, init: RequestInit = {}) =>
      fetch(`${server.url}/v1/topics/orders/events`, {
        ...init,
        headers: { authorization, "content-type": "application/json" },
      });
    await refused(as("Bearer mr_wrong_key"), 401, "unauthenticated");
    await refused(as("Basic YTpi"), 401, "unauthenticated");
    const { secret } = await server.createKey([{ action: "read", pattern: "ord*" }]);
    expect((await as(`Bearer ${secret}`)).status).toBe(200);
    const post = as(`Bearer ${secret}`, { method: "POST", body: '{"type":"a"}' });
    await refused(post, 403, "forbidden");
  });
});

describe("every answer", () => {
  it("carries the caller's request id when it is sane, and one of its own otherwise", async () => {
    const id = async (given: string) =>
      (await server.request("/v1/nothing", { headers: { "x-request-id": given } })).headers.get("x-request-id");
    expect(await id("job-7:retry.1")).toBe("job-7:retry.1");
    expect(await id("a b")).not.toBe("a b");
    expect(await id("x".repeat(200))).toHaveLength((await id("x".repeat(201)))?.length ?? 0);
  });

  it("may be read by any page, after a preflight too", async () => {
    const preflight = await fetch(`${server.url}/v1/topics/orders/events`, {
      method: "OPTIONS",
      headers: { origin: "https://a.example", "access-control-request-headers": "authorization,last-event-id" },
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get("access-control-allow-headers")).toBe("authorization,last-event-id");
    expect((await server.request("/v1/topics")).headers.get("access-control-allow-origin")).toBe("*");
    expect((await fetch(`${server.url}/v1/topics/orders/events`)).headers.get("access-control-allow-origin")).toBe("*");
  });

  it("says what can be said of the process and its database", async () => {
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
    expect((await fetch(`${server.url}/readyz`)).status).toBe(200);
    const metrics = await (await fetch(`${server.url}/metrics`)).text();
    expect(metrics).toMatch(
      /millrace_http_requests_total\{method="POST",route="\/v1\/topics\/\{topic\}\/events",status="400"\} \d+/,
    );
    expect(metrics).toContain("millrace_streams_open 0");
    expect(server.errors).toEqual([]);
  });
});
