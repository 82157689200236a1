import { DomainError } from "../../domain/errors.ts";
import { selectBin } from "../../store/bin/table.ts";
import type { Queryable } from "../../store/database.ts";

const KINDS = { "topic-not-found": "topic", "consumer-not-found": "consumer" } as const;

/**
 * What is not found may have been removed: then the refusal says so, and how long it can be restored (facts `bin: {id,
 * removedAt, purgeAt}`). Every other error is returned as it is.
 */
export async function tellRemoved(
  db: Queryable,
  error: unknown,
  names: Partial<Record<string, unknown>>,
): Promise<unknown> {
  if (!(error instanceof DomainError)) return error;
  const { code } = error;
  if (code !== "topic-not-found" && code !== "consumer-not-found") return error;
  const kind = KINDS[code];
  const name = names[kind];
  if (typeof name !== "string") return error;
  const found = await selectBin(db, { name }).catch(() => []);
  const entry = found.find((it) => it.kind === kind && !it.isPurging);
  if (entry === undefined) return error;
  const { id, removedAt, purgeAt } = entry;
  return new DomainError(
    code,
    `${kind} "${name}" was removed at ${removedAt}; it is in the bin, and can be restored until ${purgeAt}`,
    { facts: { bin: { id, removedAt, purgeAt } }, cause: error },
  );
}

/** Has every use case tell of what was removed. */
export function tellingRemoved<Cases extends object>(db: Queryable, cases: Cases): Cases {
  const told = Object.entries(cases).map(([name, run]) => [
    name,
    async (input: unknown) => {
      try {
        return await (run as (input: unknown) => Promise<unknown>)(input);
      } catch (error) {
        throw await tellRemoved(db, error, typeof input === "object" && input !== null ? { ...input } : {});
      }
    },
  ]);
  return Object.fromEntries(told) as Cases;
}
