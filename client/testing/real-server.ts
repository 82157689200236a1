import { join } from "node:path";
import type { Scope } from "../../server/contract/api-keys.ts";
import { parseEnvironment } from "../../server/environment.ts";
import { createLog } from "../../server/log.ts";
import { serve } from "../../server/serve.ts";
import { createApiKey } from "../../server/services/access/create-api-key.ts";
import { testDatabase } from "../../server/testing/test-database.ts";

const SECRET = "mr_test_0123456789abcdef0123456789abcdef";

export interface TestServer {
  readonly url: string;
  /** Of a key that may do everything. */
  readonly apiKey: string;
  /** Another key; returns its secret. */
  keyFor(scopes: readonly Scope[]): Promise<string>;
  /** Asks for what the SDK has no word for. A string goes as it is. */
  post(path: string, body: unknown): Promise<unknown>;
  /** Another server on the same database. Returns its address. */
  startAnother(): Promise<string>;
  stop(): Promise<void>;
}

/** The real server, without pages, on a fresh database of the run's PostgreSQL. */
export async function startTestServer(): Promise<TestServer> {
  const db = await testDatabase();
  const start = () =>
    serve({
      environment: parseEnvironment({ PORT: "0", MILLRACE_API_KEY: SECRET }),
      databaseUrl: db.url,
      log: createLog("warn"),
      root: join(import.meta.dirname, "../.."),
    });
  const server = await start();
  const others: (typeof server)[] = [];
  return {
    url: server.url,
    apiKey: SECRET,
    async keyFor(scopes) {
      const create = createApiKey({ database: db.database });
      const { secret } = await create({ name: "test", scopes, actor: { name: "system", requestId: "test" } });
      return secret;
    },
    async post(path, body) {
      const response = await fetch(server.url + path, {
        method: "POST",
        headers: { authorization: `Bearer ${SECRET}`, "content-type": "application/json" },
        body: typeof body === "string" ? body : JSON.stringify(body),
      });
      const answer = await response.text();
      if (!response.ok) throw new Error(answer);
      return JSON.parse(answer);
    },
    async startAnother() {
      const other = await start();
      others.push(other);
      return other.url;
    },
    async stop() {
      for (const other of others) await other.close();
      await server.close();
      await db.drop();
    },
  };
}
