import { build, generate, install } from "./prepare.mjs";
import { runForeground } from "./server-process.mjs";

await install();
await generate();
await build();
runForeground(["--enable-source-maps", "dist/main.mjs"], { NODE_ENV: "production" });
