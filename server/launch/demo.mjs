import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { createServer } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { followParent } from "./follow-parent.mjs";
import { build, bundle, generate, install, prepare } from "./prepare.mjs";
import { root, say } from "./step.mjs";

// The server and, once it is ready, a living workload that uses nothing but its public API.
const port = process.env.PORT || "3000";
if (!(await isFree(port))) {
  say(`Port ${port} is taken: stop what listens there, or choose another, as in PORT=3001 npm run demo`);
  process.exit(1);
}
followParent();
await prepare(install, generate, build, () => bundle(["examples/demo.ts"]));

const apiKey = process.env.MILLRACE_API_KEY || `demo-${randomBytes(18).toString("base64url")}`;
const admin = {
  MILLRACE_ADMIN_EMAIL: process.env.MILLRACE_ADMIN_EMAIL || "demo@example.org",
  MILLRACE_ADMIN_PASSWORD: process.env.MILLRACE_ADMIN_PASSWORD || "millrace-demo",
};
const env = {
  ...process.env,
  ...admin,
  NODE_ENV: "production",
  NEXT_TELEMETRY_DISABLED: "1",
  PORT: port,
  // A demo keeps to a data directory of its own: what it plays with is nobody's data.
  DATA_DIR: process.env.DATA_DIR || ".data/demo",
  MILLRACE_API_KEY: apiKey,
};
// Each in a process group of its own, so that Ctrl-C reaches this script alone and things end in order.
const start = (file, more = {}) =>
  spawn(process.execPath, ["--enable-source-maps", file], {
    cwd: root,
    stdio: "inherit",
    env: { ...env, ...more },
    detached: true,
  });

const server = start("dist/main.mjs");
const url = `http://127.0.0.1:${port}`;
let workload = null;
let isStopping = false;

async function stop() {
  if (isStopping) return;
  isStopping = true;
  for (const child of [workload, server]) {
    if (child === null || child.exitCode !== null) continue;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGINT");
    await ended;
  }
  process.exit(0);
}
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => void stop());
server.once("exit", (code) => {
  if (!isStopping) process.exit(code ?? 1);
});

for (let tries = 0; !(await isReady()); tries += 1) {
  if (tries > 300) throw new Error("the server did not become ready");
  await delay(200);
}
say(`Sign in at ${url} as ${admin.MILLRACE_ADMIN_EMAIL} with the password ${admin.MILLRACE_ADMIN_PASSWORD}`);
workload = start("dist/demo.mjs", { MILLRACE_URL: url });
workload.once("exit", () => void stop());

async function isReady() {
  try {
    return (await fetch(`${url}/readyz`)).ok;
  } catch {
    return false;
  }
}

/** Another server there would answer our question whether ours is ready. */
async function isFree(port) {
  const probe = createServer();
  return new Promise((answer) => {
    probe.once("error", () => answer(false));
    probe.listen(Number(port), "127.0.0.1", () => probe.close(() => answer(true)));
  });
}
