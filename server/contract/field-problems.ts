import { type ZodError, z } from "zod";
import { DomainError, type FieldProblem } from "../domain/errors.ts";

// A missing field is told as people would say it; everything else in zod's words.
z.config({
  customError: (issue) => (issue.code === "invalid_type" && issue.input === undefined ? "is required" : undefined),
});

/** `["events", 3, "type"]` as `events[3].type`. */
export function fieldPath(path: readonly PropertyKey[]): string {
  let text = "";
  for (const part of path) {
    if (typeof part === "number") text += `[${part}]`;
    else text += text === "" ? String(part) : `.${String(part)}`;
  }
  return text;
}

// A batch of 1,000 events that are all wrong in three fields is told by its first hundred faults.
const MAX_PROBLEMS = 100;

/** In zod's words, "Invalid key in record" is all there is to say of a key; why it is none stands one level deeper. */
const messageOf = (issue: z.core.$ZodIssue): string =>
  issue.code === "invalid_key" ? (issue.issues[0]?.message ?? issue.message) : issue.message;

/** Every problem zod found, one per field; an unknown field is named itself and not only its parent. */
export function fieldProblems(error: ZodError, at: readonly PropertyKey[] = []): FieldProblem[] {
  return error.issues
    .flatMap((issue) =>
      issue.code === "unrecognized_keys"
        ? issue.keys.map((key) => ({ field: fieldPath([...at, ...issue.path, key]), message: "is not a known field" }))
        : [{ field: fieldPath([...at, ...issue.path]), message: messageOf(issue) }],
    )
    .slice(0, MAX_PROBLEMS);
}

/** The refusal of an input as a whole, every field at fault named. */
export function invalidInput(fields: readonly FieldProblem[]): DomainError {
  const shown = fields.slice(0, 5).map((it) => (it.field === "" ? it.message : `${it.field}: ${it.message}`));
  if (fields.length > shown.length) shown.push(`and ${fields.length - shown.length} more`);
  return new DomainError("invalid-input", shown.join("; "), { fields });
}

export function invalidInputOf(error: ZodError, at: readonly PropertyKey[] = []): DomainError {
  return invalidInput(fieldProblems(error, at));
}
