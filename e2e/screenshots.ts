import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { chromium, type Page } from "@playwright/test";
import { createClient } from "../client/create-client.ts";
import { demo } from "../examples/demo.ts";
import { operator } from "../examples/operator.ts";
import { startServer } from "./support/running-server.ts";

// The README's pictures, from the running program under the demo's workload: `npm run screenshots`.
const ADMIN = { email: "ada@example.org", password: "correct-horse-battery" };
const API_KEY = "screenshots-0123456789abcdef";
const WORKLOAD_MS = Number(process.env.SCREENSHOT_WORKLOAD_MS ?? 100_000);
const folder = join(import.meta.dirname, "../docs");

const server = await startServer({
  MILLRACE_ADMIN_EMAIL: ADMIN.email,
  MILLRACE_ADMIN_PASSWORD: ADMIN.password,
  MILLRACE_API_KEY: API_KEY,
});
const stop = new AbortController();
const client = createClient({ url: server.url, apiKey: API_KEY });
const workload = demo(client, { signal: stop.signal, operate: operator({ url: server.url, apiKey: API_KEY }) });
const executablePath = process.env.CHROMIUM_PATH;
const browser = await chromium.launch({
  ...(executablePath === undefined ? {} : { executablePath }),
  args: ["--no-sandbox", "--disable-gpu", "--no-first-run"],
});
try {
  await mkdir(folder, { recursive: true });
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, deviceScaleFactor: 1 });
  const page = await context.newPage();
  await page.goto(`${server.url}/login`);
  await page.getByLabel("E-mail").fill(ADMIN.email);
  await page.getByLabel("Password").fill(ADMIN.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("navigation", { name: "Main" }).waitFor();
  // The overview draws two minutes of what it has seen; it is left open while the workload runs.
  await delay(WORKLOAD_MS);
  await picture(page, "overview-light");
  await page.emulateMedia({ colorScheme: "dark" });
  await picture(page, "overview-dark");
  await page.goto(`${server.url}/consumers`);
  await picture(page, "consumers-dark");
  await page.goto(`${server.url}/consumers/ticket-booking`);
  await picture(page, "consumer-dark");
  await page.emulateMedia({ colorScheme: "light" });
  await page.goto(`${server.url}/topics`);
  await picture(page, "topics-light");
  await page.goto(`${server.url}/topics/payments/events`);
  await page.getByRole("row").nth(8).click();
  await picture(page, "events-light");
  // The demo's account is poisoned now and then, and its letter held for 45 s: the pictures are of such a time's beginning.
  const waiting = async () => (await client.describeConsumer("ledger")).parked.blocked;
  while ((await waiting()) > 0) await delay(500);
  while ((await waiting()) < 6) await delay(500);
  await page.goto(`${server.url}/dead-letters/sequences/ledger/accounts/account-7`);
  await picture(page, "sequence-light");
  await page.emulateMedia({ colorScheme: "dark" });
  await page.goto(`${server.url}/dead-letters`);
  await picture(page, "dead-letters-dark");
  await page.goto(`${server.url}/consumers/daily-report?move=true`);
  await page.getByRole("dialog").getByRole("button", { name: "Preview" }).click();
  await picture(page, "move-dark");
} finally {
  await browser.close();
  stop.abort();
  await workload;
  await server.stop();
}

async function picture(page: Page, name: string): Promise<void> {
  await delay(2_500);
  await page.screenshot({ path: join(folder, `${name}.png`) });
}
