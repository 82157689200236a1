import { followParent } from "./follow-parent.mjs";
import { build, generate, install, prepare } from "./prepare.mjs";
import { root } from "./step.mjs";

followParent();
await prepare(install, generate, build);

// In this very process: signals reach the server itself, and nothing of it can outlive it.
process.chdir(root);
process.env.NODE_ENV = "production";
process.env.NEXT_TELEMETRY_DISABLED ??= "1";
process.setSourceMapsEnabled(true);
await import("../../dist/main.mjs");
