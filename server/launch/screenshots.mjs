import { findBrowser } from "./find-browser.mjs";
import { build, generate, install } from "./prepare.mjs";
import { run } from "./step.mjs";

await install();
await generate();
await build();
const env = { ...process.env, CHROMIUM_PATH: await findBrowser() };
await run(process.execPath, ["--import", "tsx", "e2e/screenshots.ts"], { env });
