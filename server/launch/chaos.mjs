import { generate, install, prepare } from "./prepare.mjs";
import { bin, root, run, say } from "./step.mjs";

// `npm run test:chaos` kills members and instances for a minute; `npm run test:chaos -- 300` for five, and
// `npm run test:chaos -- 60 1234` in the order that the seed 1234 gives.
const [seconds = "60", seed = String(Date.now() % 1_000_000)] = process.argv.slice(2);

await prepare(install, generate);
say(`a kill each second for ${seconds} s; seed ${seed}`);
try {
  const env = { ...process.env, CHAOS_SECONDS: seconds, FAULTS_SEED: seed };
  await run(process.execPath, [bin("vitest"), "run", "server/testing/faults/chaos.test.ts"], { cwd: root, env });
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
}
