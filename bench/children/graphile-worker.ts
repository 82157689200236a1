import { Logger, makeWorkerUtils, run, runMigrations } from "graphile-worker";
import { serve } from "../harness/child.ts";

const CONCURRENCY = 64;
const silent = new Logger(() => () => {});

let connectionString = "";

export type GraphileWorker = typeof methods;
const methods = serve({
  open: async ({ url }: { url: string }) => {
    connectionString = url;
    await runMigrations({ connectionString, logger: silent });
  },

  /**
   * Runs so many jobs that do nothing, by its runner with a local queue and batched completion, which is its fastest
   * setting; answers jobs per second. Adding them is not counted.
   */
  run: async ({ jobs }: { jobs: number }) => {
    const utils = await makeWorkerUtils({ connectionString, logger: silent });
    const payload = { filler: "x".repeat(230) };
    for (let from = 0; from < jobs; from += 1_000) {
      await utils.addJobs(
        Array.from({ length: Math.min(1_000, jobs - from) }, () => ({ identifier: "nothing", payload })),
      );
    }
    await utils.release();
    let done = 0;
    let finish = () => {};
    const finished = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const startedAt = performance.now();
    const runner = await run({
      connectionString,
      logger: silent,
      noHandleSignals: true,
      concurrency: CONCURRENCY,
      maxPoolSize: 12,
      preset: { worker: { localQueue: { size: 500 }, completeJobBatchDelay: 0, failJobBatchDelay: 0 } },
      taskList: {
        nothing: () => {
          done++;
          if (done === jobs) finish();
        },
      },
    });
    await finished;
    // Stopping completes what was run: a job counts when its completion is stored.
    await runner.stop();
    return (jobs * 1000) / (performance.now() - startedAt);
  },
});
