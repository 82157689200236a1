import { Validator } from "@seriousme/openapi-schema-validator";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { PROBLEM_CATALOGUE } from "../../contract/problem-catalogue.ts";
import { restRoutes } from "../../trpc/rest.ts";
import { appRouter } from "../../trpc/router.ts";
import { openApiDocument } from "./document.ts";
import { EXAMPLES } from "./examples.ts";

const document = openApiDocument("0.1.0");
const operations = Object.entries(document.paths ?? {}).flatMap(([path, methods]) =>
  (["get", "put", "post", "delete", "patch"] as const).flatMap((method) =>
    methods[method] === undefined ? [] : [{ path, method, operation: methods[method] }],
  ),
);

test("the document is valid OpenAPI 3.1", async () => {
  const outcome = await new Validator().validate(JSON.parse(JSON.stringify(document)));
  expect(outcome.errors ?? []).toEqual([]);
  expect(outcome.valid).toBe(true);
  expect(document.openapi).toBe("3.1.0");
});

test("every route is described, and nothing else", () => {
  const described = operations.map(({ method, path }) => `${method.toUpperCase()} ${path}`).sort();
  const byHand = [
    "POST /topics/{topic}/events",
    "GET /topics/{topic}/events",
    "GET /topics/{topic}/events/{offset}",
    "GET /consumers/{consumer}/events",
    "POST /consumers/{consumer}/deliveries",
    "DELETE /consumers/{consumer}/members/{member}",
    "POST /consumers/{consumer}/settlements",
    "GET /healthz",
    "GET /readyz",
    "GET /metrics",
    "GET /openapi.json",
  ];
  expect(described).toEqual([...byHand, ...restRoutes.map((it) => `${it.method} ${it.path}`)].sort());
});

test("what starts an operation answers 202", () => {
  const answers = (path: string) =>
    Object.keys(document.paths?.[path]?.post?.responses ?? {}).filter((it) => it < "300");
  for (const verb of ["redrives", "discards", "restores", "replays"]) {
    expect(answers(`/consumers/{consumer}/${verb}`)).toEqual(["202"]);
  }
  expect(answers("/operations/{id}/pause")).toEqual(["200"]);
});

test("publishing takes plain JSON and CloudEvents in structured, batch and binary mode", () => {
  const publish = document.paths?.["/topics/{topic}/events"]?.post?.requestBody;
  expect(Object.keys((publish as { content: object }).content)).toEqual([
    "application/json",
    "application/cloudevents+json",
    "application/cloudevents-batch+json",
    "*/*",
  ]);
});

describe.each(operations)("$method $path", ({ operation, path, method }) => {
  const isOpen = ["Health"].includes(operation.tags?.[0] ?? "");

  test("has an id, a tag, a summary and says how it is protected", () => {
    expect(operation).toMatchObject({ operationId: expect.any(String), summary: expect.any(String) });
    expect(document.tags?.map((it) => it.name)).toContain(operation.tags?.[0]);
    expect(operation.security).toEqual(isOpen ? [] : [{ apiKey: [] }]);
  });

  test("refuses with problem documents only", () => {
    if (isOpen) return;
    const refusals = Object.entries(operation.responses ?? {}).filter(([status]) => Number(status) >= 400);
    expect(refusals.map(([status]) => status)).toEqual(expect.arrayContaining(["401", "403", "500", "503"]));
    for (const [, response] of refusals) {
      expect(Object.keys(response.content)).toEqual(["application/problem+json"]);
    }
    if (path.includes("{")) expect(operation.responses).toHaveProperty("400");
    if (method === "put" && path.includes("{")) expect(operation.responses).toHaveProperty("201");
  });

  test("shows examples that its own schemas accept", () => {
    const example = EXAMPLES[operation.operationId ?? ""];
    if (isOpen || example === undefined) return;
    const procedures = appRouter._def.procedures as unknown as Record<
      string,
      { _def: { inputs: z.ZodObject[]; output: z.ZodType } }
    >;
    const { inputs, output } = procedures[operation.operationId?.replace("-", ".") ?? ""]?._def ?? {};
    output?.parse(example.response);
    if (example.request === undefined) return;
    const inPath = [...path.matchAll(/\{(\w+)\}/g)].map((it) => it[1]);
    const fromPath = Object.fromEntries(inPath.map((it) => [it, it === "id" ? crypto.randomUUID() : "name"]));
    inputs?.[0]?.parse({ ...fromPath, ...(example.request as object) });
  });
});

test("every procedure with a REST form has an example", () => {
  const ids = operations.map((it) => it.operation.operationId ?? "").filter((it) => it.includes("-"));
  expect(Object.keys(EXAMPLES).sort()).toEqual(ids.sort());
});

test("every problem has words of its own", () => {
  const titles = Object.values(PROBLEM_CATALOGUE).map((it) => it.title);
  expect(new Set(titles).size).toBe(titles.length);
  expect(
    z.array(z.int().min(400).max(599)).parse(Object.values(PROBLEM_CATALOGUE).map((it) => it.status)),
  ).toBeTruthy();
});
