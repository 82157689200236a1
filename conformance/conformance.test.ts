import { spawn, spawnSync } from "node:child_process";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestServer, type TestServer } from "../client/testing/real-server.ts";
import { type Lie, lyingServer } from "./testing/lying-server.ts";

const python = spawnSync("python3", ["-c", "import sys; sys.exit(sys.version_info < (3, 9))"]);
const isPythonThere = python.status === 0;
const WHY_NOT = "the kit is a Python program, and there is no python3 of 3.9 or newer here";

interface Verdict {
  readonly kept: number;
  readonly broken: number;
  readonly "left out": number;
  readonly cases: readonly { readonly name: string; readonly outcome: string; readonly why?: string }[];
}

let server: TestServer;
let another: string;
beforeAll(async () => {
  if (!isPythonThere) return;
  server = await startTestServer();
  another = await server.startAnother();
});
afterAll(() => server?.stop());

async function runKit(...args: readonly string[]): Promise<{ verdict: Verdict; code: number | null }> {
  const kit = spawn("python3", ["-B", import.meta.dirname, "--key", server.apiKey, "--json", ...args], {
    cwd: join(import.meta.dirname, ".."),
    stdio: ["ignore", "pipe", "inherit"],
  });
  let said = "";
  kit.stdout.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  const code = await new Promise<number | null>((resolve) => kit.once("close", resolve));
  return { verdict: JSON.parse(said) as Verdict, code };
}

const broken = ({ cases }: Verdict) => cases.filter((it) => it.outcome !== "kept");

test("two instances on one database keep every promise to every client", async (context) => {
  if (!isPythonThere) return context.skip(WHY_NOT);
  const { verdict, code } = await runKit("--url", server.url, "--url2", another);
  expect(broken(verdict)).toEqual([]);
  expect(verdict).toMatchObject({ kept: verdict.cases.length, broken: 0, "left out": 0 });
  expect(verdict.cases.length).toBeGreaterThan(30);
  expect(code).toBe(0);
}, 60_000);

test("one instance alone is asked everything but what takes two", async (context) => {
  if (!isPythonThere) return context.skip(WHY_NOT);
  const { verdict, code } = await runKit("--url", server.url, "--only", "elsewhere");
  expect(verdict).toMatchObject({ kept: 0, broken: 0, "left out": 2 });
  expect(code).toBe(0);
});

/** What the server would be without a promise, and the cases that see it. */
const lies: readonly { readonly without: string; readonly lie: Lie; readonly seenBy: readonly string[] }[] = [
  {
    without: "strict order",
    lie({ url }) {
      if (url.pathname.endsWith("/events") && url.searchParams.has("member"))
        url.searchParams.set("order", "pipelined");
      return url;
    },
    seenBy: ["one-at-a-time", "poisoned-key"],
  },
  {
    without: "sessions",
    lie({ url, headers }) {
      headers.delete("last-event-id");
      url.searchParams.delete("lastEventId");
      return url;
    },
    seenBy: ["resume", "killed-client", "beyond-the-end"],
  },
  {
    without: "settling",
    lie: ({ url }) => (url.pathname.endsWith("/settlements") ? null : url),
    seenBy: ["state", "extend", "stream-and-pull"],
  },
  {
    without: "goodbyes",
    lie: ({ method, url }) => (method === "DELETE" ? null : url),
    seenBy: ["goodbye", "pull-again"],
  },
];

test.for(lies)("the kit finds out a server without $without", { timeout: 60_000 }, async ({ lie, seenBy }, context) => {
  if (!isPythonThere) return context.skip(WHY_NOT);
  const liar = await lyingServer(server.url, lie);
  try {
    const only = seenBy.flatMap((name) => ["--only", name]);
    const { verdict, code } = await runKit("--url", liar.url, "--patience", "3", ...only);
    expect(broken(verdict).map((it) => it.name)).toEqual(expect.arrayContaining([...seenBy]));
    expect(code).toBe(1);
  } finally {
    await liar.close();
  }
});
