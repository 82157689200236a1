import { basename } from "node:path";
import { type Client, createClient } from "../client/create-client.ts";
import { type Operate, operator } from "./operator.ts";

/** Runs an example when the program that was called has its name, bundled or not; Ctrl-C ends it. */
export async function runAlone(
  name: string,
  example: (client: Client, options: { signal: AbortSignal; operate: Operate }) => Promise<unknown>,
): Promise<void> {
  if (basename(process.argv[1] ?? "").replace(/\.m?[jt]s$/, "") !== name) return;
  const { MILLRACE_URL: url = "http://127.0.0.1:3000", MILLRACE_API_KEY: apiKey } = process.env;
  if (apiKey === undefined) throw new Error("set MILLRACE_API_KEY to an API key of the server (and MILLRACE_URL)");
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort());
  const operate = operator({ url, apiKey });
  await example(createClient({ url, apiKey }), { signal: stop.signal, operate });
}
