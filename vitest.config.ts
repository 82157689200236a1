import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: [
      "server/**/*.test.ts",
      "client/**/*.test.ts",
      "components/**/*.test.ts",
      "examples/**/*.test.ts",
      "bench/**/*.test.ts",
      "conformance/**/*.test.ts",
    ],
    globalSetup: ["server/testing/global-setup.ts"],
    testTimeout: 20_000,
    hookTimeout: 30_000,
    // Two cores, which PostgreSQL shares: many tests wait for a clock, so that a third worker has its use for them.
    maxWorkers: 3,
    // Loading the server anew for each of 260 files takes a quarter of the run. No test mocks a module, and each has a
    // database and servers of its own.
    isolate: false,
  },
});
