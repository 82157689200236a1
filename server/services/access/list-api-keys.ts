import { listApiKeys as readAll } from "../../store/access/api-key-list.ts";
import type { Database } from "../../store/database.ts";
import type { Services } from "../services.ts";

export function listApiKeys(deps: { readonly database: Database }): Services["listApiKeys"] {
  return () => readAll(deps.database.prisma);
}
