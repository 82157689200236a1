import { type Environment, environment } from "../contract/environment.ts";
import { getSetting } from "../store/access/setting-get.ts";
import type { Database } from "../store/database.ts";

const UNNAMED: Environment = { name: "local", colour: "gray" };

export function getEnvironment(deps: { readonly database: Database }): () => Promise<Environment> {
  return async () => environment.catch(UNNAMED).parse(await getSetting(deps.database.prisma, "environment"));
}
