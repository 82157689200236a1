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
            example: exampleOf(group[0] ?? "internal"),
          },
        },
      },
    ]),
  );
}

function exampleOf(code: ErrorCode): object {
  const { status, title, meaning } = PROBLEM_CATALOGUE[code];
  const problem = { type: `/docs/problems#${code}`, title, status, detail: meaning, code, instance: "4b0d1a52" };
  if (code === "invalid-input")
    return { ...problem, errors: [{ field: "events[0].type", message: "must not be empty" }] };
  if (code === "unexpected-offset") return { ...problem, actual: { "order-1": 17 } };
  if (code === "id-reused") return { ...problem, index: 0, id: "p-1", source: "/", offset: 17 };
  if (code === "history-purged") return { ...problem, keys: ["order-1"] };
  return problem;
}
