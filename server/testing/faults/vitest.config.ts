import { resolve } from "node:path";
import { defineConfig } from "vitest/config";

/** For `npm run test:faults`: the short selection of `npm test`, and what only this runs, one after the other. */
export default defineConfig({
  test: {
    root: resolve(import.meta.dirname, "../../.."),
    include: ["server/testing/faults/**/*.{test,fault}.ts", "server/testing/oracle/**/*.test.ts"],
    globalSetup: ["server/testing/global-setup.ts"],
    hookTimeout: 60_000,
    maxWorkers: 1,
  },
});
