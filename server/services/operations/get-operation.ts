import { DomainError } from "../../domain/errors.ts";
import { reachable } from "../../engine/database-unavailable.ts";
import type { Database } from "../../store/database.ts";
import { selectOperation } from "../../store/operations/table.ts";
import type { Services } from "../services.ts";

export const getOperation =
  ({ database }: { readonly database: Database }): Services["getOperation"] =>
  async ({ id }) => {
    const found = await reachable(selectOperation(database.prisma, id));
    if (found === null) throw new DomainError("operation-not-found", "there is no such operation");
    return found.operation;
  };
