import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DomainError } from "../../domain/errors.ts";
import { itemsText, refusalOf, refusedAnswer, requestsOf } from "./answer.ts";

const few = fc.integer({ min: 1, max: 2 });
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { freq: 2 });
const item = fc.record({
  topicId: few,
  topic: fc.constant("orders"),
  partition: few,
  epoch: few,
  offset: fc.integer({ min: 1, max: 9 }),
  outcome: fc.constantFrom("ack", "retry", "dead-letter", "skip", "extend"),
  attempt: maybe(few),
  error: maybe(
    fc.record({ name: fc.string(), message: fc.string(), stack: maybe(fc.string()), fingerprint: fc.string() }),
  ),
  delayMs: maybe(few),
  reason: maybe(fc.string()),
  state: maybe(
    fc.record({
      set: fc.array(fc.tuple(fc.string(), fc.json())),
      delete: fc.array(fc.string()),
      expect: fc.array(fc.tuple(fc.string(), few)),
      increment: fc.array(fc.tuple(fc.string(), fc.constant("0.1"))),
    }),
  ),
});

describe("settlements on their way to their holder", () => {
  it("arrive as they were, in their order", () => {
    fc.assert(
      fc.property(fc.array(fc.array(item)), (requests) => {
        expect(requestsOf(`[${requests.map(itemsText).join(",")}]`)).toEqual(requests);
      }),
      { seed: 1 },
    );
  });

  it("of plain acks take a few bytes each", () => {
    const acks = Array.from({ length: 1_000 }, (_, i) => {
      const plain = { topicId: 1, topic: "orders", partition: 0, epoch: 1, outcome: "ack" } as const;
      return { ...plain, offset: i + 1, attempt: 1, error: null, delayMs: null, reason: null, state: null };
    });
    expect(itemsText(acks).length).toBeLessThan(5_000);
  });
});

it("a refusal is given on as the holder gave it, with the places of the caller's settlements", () => {
  const facts = { conflicts: [{ index: 1, entry: "k" }], limit: 3 };
  const refused = refusedAnswer(
    new DomainError("state-conflict", "no", { facts, retryAfterSeconds: 2, cause: "hidden" }),
  );
  const arrived = JSON.parse(JSON.stringify(refused)) as Extract<typeof refused, { kind: "refused" }>;
  expect(refusalOf(arrived, [4, 7])).toMatchObject({
    code: "state-conflict",
    message: "no",
    details: { facts: { conflicts: [{ index: 7, entry: "k" }], limit: 3 }, retryAfterSeconds: 2 },
  });
  expect(JSON.stringify(refused)).not.toContain("hidden");
});
