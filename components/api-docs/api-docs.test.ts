import { expect, test } from "vitest";
import { openApiDocument } from "../../server/http/openapi/document.ts";
import { type ApiDocument, operationsByTag } from "./api-document.ts";
import { curlOf } from "./curl.ts";
import { bounds, typeInWords, withFields } from "./schema-words.ts";

const document = openApiDocument("0.1.0") as unknown as ApiDocument;

test("every operation of the document has its place in the reference", () => {
  const shown = operationsByTag(document).flatMap((it) => it.operations);
  const all = Object.values(document.paths ?? {}).flatMap((it) => Object.keys(it));
  expect(shown).toHaveLength(all.length);
  expect(new Set(shown.map((it) => it.id)).size).toBe(shown.length);
});

test("a curl command carries method, key and example body, quoted for a shell", () => {
  const operations = operationsByTag(document).flatMap((it) => it.operations);
  const of = (id: string) => {
    const found = operations.find((it) => it.id === id);
    if (found === undefined) throw new Error(`no operation ${id}`);
    return curlOf(found, "http://127.0.0.1:3000");
  };
  expect(of("publishEvents")).toBe(
    [
      "curl -X POST 'http://127.0.0.1:3000/v1/topics/payments/events' \\",
      '  -H "Authorization: Bearer $MILLRACE_API_KEY" \\',
      "  -H 'Content-Type: application/json' \\",
      `  -d '{"type":"payment.succeeded","key":"order-1","id":"p-1","data":{"amount":1.1}}'`,
    ].join("\n"),
  );
  expect(of("consumeEvents")).toMatch(/^curl -N /);
  expect(of("healthz")).toBe("curl 'http://127.0.0.1:3000/healthz'");
});

test.each([
  [{ type: "integer", minimum: 1, maximum: 9 }, "integer", ["1 … 9"]],
  [{ type: ["string", "null"] }, "string or null", []],
  [
    { type: "array", items: { $ref: "#/components/schemas/StoredEvent" }, minItems: 1 },
    "list of StoredEvent",
    ["entries: at least 1"],
  ],
  [
    { anyOf: [{ enum: ["earliest", "latest"] }, { type: "string", format: "date-time" }] },
    '"earliest" or "latest" or time',
    [],
  ],
  [{}, "any JSON", []],
])("%j is said in words", (schema, type, limits) => {
  expect(typeInWords(schema)).toBe(type);
  expect(bounds(schema)).toEqual(limits);
});

test("a list of references leads to the fields of what it refers to", () => {
  const known = { Named: { type: "object", properties: { name: { type: "string" } } } };
  expect(withFields({ type: "array", items: { $ref: "#/components/schemas/Named" } }, known)).toBe(known.Named);
});
