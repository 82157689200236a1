import { startServer } from "./running-server.ts";

export const ADMIN = { email: "ada@example.org", password: "correct-horse-battery" };
export const API_KEY = "e2e-key-0123456789abcdef";

/** One real server for the run; tests keep apart by the names of their topics and consumers. */
export default async function setup(): Promise<() => Promise<void>> {
  const server = await startServer({
    MILLRACE_ADMIN_EMAIL: ADMIN.email,
    MILLRACE_ADMIN_PASSWORD: ADMIN.password,
    MILLRACE_API_KEY: API_KEY,
  });
  process.env.MILLRACE_E2E_URL = server.url;
  return () => server.stop();
}
