import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { HttpTarget } from "../load/http-connection.ts";
import { freePort } from "./cluster.ts";

/** The built server in a process of its own, as `npm start` runs it. */
export interface Millrace {
  readonly target: HttpTarget & { readonly apiKey: string };
  readonly pid: number;
  readonly hasPages: boolean;
  /** A request of the control kind: declares, describes. Answers the parsed body; throws on a refusal. */
  request(method: string, path: string, body?: unknown): Promise<unknown>;
  stop(): Promise<void>;
}

const START_LIMIT_MS = 60_000;
const STOP_LIMIT_MS = 20_000;
const OUTPUT_LINES = 40;

const servers = new Set<ChildProcess>();

/** Ends whatever is left, for an interrupted run. */
export function killServers(): void {
  for (const server of servers) server.kill("SIGKILL");
}

export async function startMillrace(options: {
  readonly databaseUrl: string;
  readonly directory: string;
  /** Where to leave a CPU profile when it stops. */
  readonly profileDirectory?: string | undefined;
}): Promise<Millrace> {
  const entry = resolve("dist/main.mjs");
  if (!existsSync(entry)) throw new Error("Millrace is not built: run `npm run build`");
  const port = await freePort();
  const apiKey = `mr_${randomBytes(24).toString("base64url")}`;
  const profiling =
    options.profileDirectory === undefined ? [] : ["--cpu-prof", `--cpu-prof-dir=${options.profileDirectory}`];
  // With the pages, as everybody runs it; without them while they are not built, and the report says so.
  const hasPages = existsSync(resolve(".next/BUILD_ID"));
  const flags = hasPages ? [] : ["--no-pages"];
  const server = spawn(process.execPath, ["--enable-source-maps", ...profiling, entry, ...flags], {
    env: {
      ...process.env,
      NODE_ENV: "production",
      PORT: String(port),
      HOST: "127.0.0.1",
      DATA_DIR: options.directory,
      DATABASE_URL: options.databaseUrl,
      MILLRACE_API_KEY: apiKey,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  servers.add(server);
  const output: string[] = [];
  for (const stream of [server.stdout, server.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output.push(...text.split("\n"));
      output.splice(0, output.length - OUTPUT_LINES);
    });
  }
  let gone = false;
  const exited = new Promise<void>((done) =>
    server.once("exit", () => {
      gone = true;
      servers.delete(server);
      done();
    }),
  );
  const url = `http://127.0.0.1:${port}`;
  const giveUpAt = Date.now() + START_LIMIT_MS;
  while (!(await isReady(url))) {
    if (gone || Date.now() > giveUpAt) {
      server.kill("SIGKILL");
      throw new Error(`Millrace did not start:\n${output.join("\n")}`);
    }
    await new Promise((wait) => setTimeout(wait, 100));
  }
  return {
    target: { port, apiKey },
    pid: server.pid ?? 0,
    hasPages,
    async request(method, path, body) {
      const response = await fetch(url + path, {
        method,
        headers: {
          authorization: `Bearer ${apiKey}`,
          ...(body === undefined ? {} : { "content-type": "application/json" }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
      return text === "" ? null : JSON.parse(text);
    },
    async stop() {
      server.kill("SIGTERM");
      const stubborn = setTimeout(() => server.kill("SIGKILL"), STOP_LIMIT_MS);
      await exited;
      clearTimeout(stubborn);
    },
  };
}

async function isReady(url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(2_000) });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false;
  }
}

/** Resident memory of a process in kB: now, and the most it ever was. Linux only; elsewhere null. */
export async function residentKb(pid: number): Promise<{ now: number; peak: number } | null> {
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => null);
  if (status === null) return null;
  const field = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(status)?.[1] ?? Number.NaN);
  return { now: field("VmRSS"), peak: field("VmHWM") };
}
