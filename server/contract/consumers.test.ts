import { expect, test } from "vitest";
import { consumerDeclaration } from "./consumers.ts";
import { fieldProblems } from "./field-problems.ts";

function problemsOf(declaration: object) {
  const parsed = consumerDeclaration.safeParse(declaration);
  return parsed.success ? [] : fieldProblems(parsed.error);
}

test("a start that is none is told what there is", () => {
  expect(problemsOf({ topics: [{ topic: "orders", start: "first" }] })).toEqual([
    { field: "topics[0].start", message: 'must be "earliest", "latest", {offset} or {time}' },
  ]);
});

test("a back-off that is half of one kind is told both kinds; one that is wrong in a field is told the field", () => {
  const problems = (backoff: object) => problemsOf({ topics: [{ topic: "orders" }], retry: { backoff } });
  expect(problems({ initialMs: 100 })).toEqual([
    { field: "retry.backoff", message: expect.stringContaining("{initialMs, factor, maxMs, jitter} or {delaysMs}") },
  ]);
  expect(problems({ delaysMs: [-1] })).toMatchObject([{ field: "retry.backoff.delaysMs[0]" }]);
});
