import { z } from "zod";
import { PROBLEM_CATALOGUE } from "../../contract/problem-catalogue.ts";
import type { ErrorCode } from "../../domain/errors.ts";

/** The body of every refusal, as a schema (`Problem` in server/contract/problem.ts is its type). */
export const problemSchema = z
  .looseObject({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.enum(Object.keys(PROBLEM_CATALOGUE) as [ErrorCode, ...ErrorCode[]]),
    instance: z.string(),
    errors: z.array(z.object({ field: z.string(), message: z.string() })).optional(),
  })
  .meta({ id: "Problem", description: "RFC 9457. Facts that go with the code stand beside these members." });

/** Any operation under `/v1` may answer with these. */
const EVERYWHERE: readonly ErrorCode[] = ["unauthenticated", "forbidden", "database-unavailable", "internal"];

/** Responses for these codes and the usual ones, grouped by status; each names its codes. */
export function problemResponses(codes: readonly ErrorCode[]): Record<string, object> {
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of new Set([...codes, ...EVERYWHERE])) {
    const { status } = PROBLEM_CATALOGUE[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  const sorted = [...byStatus].sort(([a], [b]) => a - b);
  return Object.fromEntries(
    sorted.map(([status, group]) => [
      String(status),
      {
        description: group.map((it) => `\`${it}\`: ${PROBLEM_CATALOGUE[it].meaning}`).join("\n\n"),
        content: {
          "application/problem+json": {
            schema: { $ref: "#/components/schemas/Problem" },
            examples: Object.fromEntries(group.map((code) => [code, { value: exampleOf(code) }])),
          },
        },
      },
    ]),
  );
}

const PLACE = { index: 0, topic: "payments", partition: 0 };

/** Facts that go with a code, as they stand beside the detail. */
export const FACTS: Partial<Record<ErrorCode, object>> = {
  "invalid-input": { errors: [{ field: "events[0].type", message: "must not be empty" }] },
  "unexpected-offset": { actual: { "order-1": 17 } },
  "id-reused": { index: 0, id: "p-1", source: "/", offset: 17 },
  "history-purged": { keys: ["order-1"] },
  "stale-epoch": { stale: [{ ...PLACE, epoch: 1, currentEpoch: 2 }] },
  "not-delivered": { undelivered: [{ ...PLACE, offset: 99 }] },
  "state-conflict": {
    conflicts: [{ index: 0, entry: "paid:order-1", expected: 1, actual: 2, reason: "version" }],
  },
  "operation-over": { operationStatus: "done" },
  "member-name-taken": {
    member: "billing-1",
    server: "5f0c8a52-3c5e-4a39-9d0f-6a1f5c1f7b11",
    address: "10.0.0.7:51734",
    since: "2026-11-20T21:00:05.000Z",
  },
};

function exampleOf(code: ErrorCode): object {
  const { status, title, meaning } = PROBLEM_CATALOGUE[code];
  return {
    type: `/docs/problems#${code}`,
    title,
    status,
    detail: meaning,
    code,
    instance: "4b0d1a52",
    ...FACTS[code],
  };
}
