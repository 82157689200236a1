import { defineConfig } from "@playwright/test";

const chromium = process.env.CHROMIUM_PATH;

export default defineConfig({
  testDir: "e2e",
  outputDir: "test-results/e2e",
  // One real server for the run; each test makes topics and consumers of its own.
  globalSetup: "./e2e/support/global-setup.ts",
  fullyParallel: false,
  workers: 2,
  retries: 0,
  forbidOnly: true,
  // Bounds, not waits: many times what a quiet machine needs, because the machines that run this are seldom quiet.
  timeout: 120_000,
  expect: { timeout: 20_000 },
  use: {
    // Written by the global set-up, which signs in once.
    storageState: "test-results/session.json",
    viewport: { width: 1440, height: 900 },
    // Without the film of every page, which takes a third of a core here: what failed has its last picture.
    trace: { mode: "retain-on-failure", screenshots: false },
    screenshot: "only-on-failure",
    launchOptions: {
      ...(chromium === undefined ? {} : { executablePath: chromium }),
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--no-first-run",
      ],
    },
  },
});
