import fc from "fast-check";
import { it } from "vitest";
import { testDatabase } from "../test-database.ts";
import { command } from "./commands.ts";
import { ModelRun } from "./model-run.ts";

// Random commands against the engine on PostgreSQL and against a naive model. A failure prints the commands, a seed and
// a path; `MODEL_SEED=… MODEL_PATH=… npx vitest run server/testing/model` runs exactly these commands again.
// MODEL_RUNS=500 looks longer, MODEL_SHRINK=1 looks for the shortest commands that fail (each try is a run of seconds).
const { MODEL_RUNS, MODEL_SEED, MODEL_PATH, MODEL_SHRINK } = process.env;
const numRuns = Number(MODEL_RUNS ?? 6);

it("whatever happens in whatever order, the engine comes out as the model does", {
  timeout: numRuns * 120_000,
}, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(command, { minLength: 20, maxLength: 40, size: "max" }), async (commands) => {
      const db = await testDatabase();
      const run = new ModelRun(db);
      try {
        await run.open();
        for (const it of commands) await run.execute(it);
        await run.drain();
      } finally {
        await run.close();
        await db.drop();
      }
    }),
    {
      numRuns,
      endOnFailure: MODEL_SHRINK === undefined,
      ...(MODEL_SEED !== undefined && { seed: Number(MODEL_SEED) }),
      ...(MODEL_PATH !== undefined && { path: MODEL_PATH }),
    },
  );
});
