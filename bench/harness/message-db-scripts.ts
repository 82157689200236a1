import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

// What install.sh of @eventide/message-db runs, in its order, without psql. Views and privileges play no part in
// writing and are left out.
const SCRIPTS = [
  "schema/message-store",
  "extensions/pgcrypto",
  "tables/messages",
  "types/message",
  "functions/message-store-version",
  "functions/hash-64",
  "functions/acquire-lock",
  "functions/category",
  "functions/is-category",
  "functions/id",
  "functions/cardinal-id",
  "functions/stream-version",
  "functions/write-message",
  "indexes/messages-id",
  "indexes/messages-stream",
  "indexes/messages-category",
];

export function messageDbScripts(): string[] {
  const database = join(dirname(fileURLToPath(import.meta.url)), "../node_modules/@eventide/message-db/database");
  return SCRIPTS.map((name) => join(database, `${name}.sql`));
}
