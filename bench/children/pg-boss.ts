import PgBoss from "pg-boss";
import { serve } from "../harness/child.ts";

const BATCH = 1_000;
/** Fetching and completing side by side: more of them only wait for each other's rows. */
const FETCHERS = 4;

let boss: PgBoss | null = null;
let queues = 0;

export type PgBossPeer = typeof methods;
const methods = serve({
  open: async ({ url }: { url: string }) => {
    boss = new PgBoss({ connectionString: url, max: FETCHERS * 2, supervise: false, schedule: false });
    await boss.start();
  },

  /** Fetches and completes so many jobs, in batches; answers jobs per second. Inserting them is not counted. */
  run: async ({ jobs }: { jobs: number }) => {
    const open = boss;
    if (open === null) throw new Error("open comes first");
    const queue = `bench-${++queues}`;
    await open.createQueue(queue);
    const data = { filler: "x".repeat(230) };
    for (let from = 0; from < jobs; from += BATCH) {
      await open.insert(Array.from({ length: Math.min(BATCH, jobs - from) }, () => ({ name: queue, data })));
    }
    let completed = 0;
    const startedAt = performance.now();
    const work = async () => {
      while (completed < jobs) {
        const batch = await open.fetch(queue, { batchSize: BATCH });
        if (batch.length === 0) return;
        await open.complete(
          queue,
          batch.map((it) => it.id),
        );
        completed += batch.length;
      }
    };
    await Promise.all(Array.from({ length: FETCHERS }, work));
    if (completed !== jobs) throw new Error(`${completed} of ${jobs} jobs were completed`);
    return (jobs * 1000) / (performance.now() - startedAt);
  },
});
