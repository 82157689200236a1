import { spawn } from "node:child_process";
import { freePort } from "../../embedded/free-port.ts";
import { programPath } from "../actors/programs.ts";
import type { ServerVariables } from "../server-process.ts";

export interface RefusedStart {
  readonly code: number | null;
  /** What it said on standard error. */
  readonly said: string;
  readonly tookMs: number;
}

/** Starts a server that is expected to refuse, and waits for its end. */
export async function refusedStart(variables: ServerVariables): Promise<RefusedStart> {
  const startedAt = performance.now();
  const child = spawn(process.execPath, [await programPath("server"), "--no-pages"], {
    env: {
      PATH: process.env.PATH,
      NODE_ENV: "test",
      LOG_LEVEL: "error",
      MILLRACE_API_KEY: "a-key-for-tests-0123456789",
      ...variables,
      PORT: String(variables.PORT ?? (await freePort(0))),
    },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said = (said + text).slice(-8_000);
  });
  const timer = setTimeout(() => child.kill("SIGKILL"), 90_000);
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  clearTimeout(timer);
  return { code, said, tookMs: performance.now() - startedAt };
}

/** One sentence or two in one line, for a person: no stack, no object, no password. */
export function isOneSentence({ said }: RefusedStart): boolean {
  const lines = said.trim().split("\n");
  return lines.length === 1 && /^[A-Z“"].*\.$/.test(lines[0] ?? "") && !/\bat .+:\d+:\d+/.test(said);
}
