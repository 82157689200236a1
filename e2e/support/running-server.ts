import { type ChildProcess, spawn } from "node:child_process";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

export interface RunningServer {
  readonly url: string;
  /** The one-time link that the server printed, when nobody could sign in yet. */
  readonly setupLink: string | null;
  stop(): Promise<void>;
}

const START_MS = 60_000;

/** The real built server with its own PostgreSQL, as `npm start` runs it. */
export async function startServer(environment: Readonly<Record<string, string>>): Promise<RunningServer> {
  const port = await freePort();
  const dataDir = await mkdtemp(join(tmpdir(), "millrace-e2e-"));
  await chmod(dataDir, 0o755);
  const child = spawn(process.execPath, ["--enable-source-maps", "dist/main.mjs"], {
    env: {
      PATH: process.env.PATH,
      NODE_ENV: "production",
      NEXT_TELEMETRY_DISABLED: "1",
      LOG_LEVEL: "warn",
      ...environment,
      PORT: String(port),
      DATA_DIR: dataDir,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  const listen = (text: string) => {
    said = (said + text).slice(-10_000);
  };
  child.stdout.setEncoding("utf8").on("data", listen);
  child.stderr.setEncoding("utf8").on("data", listen);
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const url = `http://127.0.0.1:${port}`;
  await untilReady({ url, child, said: () => said });
  return {
    url,
    setupLink: /http:\S+\/setup\?token=\S+/.exec(said)?.[0] ?? null,
    async stop() {
      child.kill("SIGINT");
      await ended;
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

async function untilReady(server: { url: string; child: ChildProcess; said: () => string }): Promise<void> {
  for (const until = Date.now() + START_MS; ; await delay(100)) {
    // The line that names the address comes last, after the set-up link's token was made.
    if (/Millrace is at/.test(server.said()) && (await answers(server.url))) return;
    if (server.child.exitCode !== null || Date.now() > until) {
      server.child.kill("SIGKILL");
      throw new Error(`the server did not start:\n${server.said()}`);
    }
  }
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/readyz`)).ok;
  } catch {
    return false;
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}
