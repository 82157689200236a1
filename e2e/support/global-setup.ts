import { type FullConfig, request } from "@playwright/test";
import { startServer } from "./running-server.ts";

export const ADMIN = { email: "ada@example.org", password: "correct-horse-battery" };
export const API_KEY = "e2e-key-0123456789abcdef";

/** One real server and one session for the run; tests keep apart by the names of their topics and consumers. */
export default async function setup(config: FullConfig): Promise<() => Promise<void>> {
  const server = await startServer({
    MILLRACE_ADMIN_EMAIL: ADMIN.email,
    MILLRACE_ADMIN_PASSWORD: ADMIN.password,
    MILLRACE_API_KEY: API_KEY,
  });
  process.env.MILLRACE_E2E_URL = server.url;
  await keepSession(server.url, String(config.projects[0]?.use.storageState));
  return () => server.stop();
}

async function keepSession(url: string, path: string): Promise<void> {
  const visitor = await request.newContext({ baseURL: url, extraHTTPHeaders: { origin: url } });
  const answer = await visitor.post("/api/auth/sign-in/email", { data: ADMIN });
  if (!answer.ok()) throw new Error(`signing in: ${answer.status()} ${await answer.text()}`);
  await visitor.storageState({ path });
  await visitor.dispose();
}
