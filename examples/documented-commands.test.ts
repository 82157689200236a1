import { spawn, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestServer, type TestServer } from "../client/testing/real-server.ts";
import { snippetsFor } from "../components/setup/snippets.ts";

const root = join(import.meta.dirname, "..");
const isThere = (program: string) => spawnSync(program, ["--version"], { stdio: "ignore" }).status === 0;

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server?.stop());

/** The commands of a page, in its order, from the block that names the server on. */
function commandsOf(page: string): string {
  const blocks = [...readFileSync(join(root, page), "utf8").matchAll(/^```sh\n(.*?)^```$/gms)].map(
    ([, it]) => it ?? "",
  );
  const first = blocks.findIndex((it) => it.includes("U=http://127.0.0.1:3000/v1"));
  const end = blocks.findIndex((it, index) => index > first && !it.includes("$U"));
  return blocks.slice(first, end < 0 ? undefined : end).join("\n");
}

/** Pastes them into a shell, against another server; what runs until it is told to end is ended after a moment. */
async function paste(commands: string): Promise<string> {
  const script = commands
    .replaceAll("http://127.0.0.1:3000", server.url)
    .replaceAll("change-me-0123456789", server.apiKey)
    .replaceAll("curl -N ", "curl -N --max-time 2 ");
  const shell = spawn("bash", ["-c", script], { stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  for (const stream of [shell.stdout, shell.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      said += text;
    });
  }
  await new Promise((resolve) => shell.once("close", resolve));
  return said;
}

const refusals = (said: string) => [...said.matchAll(/"code":"([\w-]+)"/g)].map(([, code]) => code);

async function account(consumer: string, topic: string): Promise<unknown> {
  const answer = await fetch(`${server.url}/v1/consumers/${consumer}/account?topic=${topic}`, {
    headers: { authorization: `Bearer ${server.apiKey}` },
  });
  return ((await answer.json()) as { accounts: unknown[] }).accounts[0];
}

test("the first steps of the set-up page run as they stand, and leave README's tour alone", async (context) => {
  if (!(isThere("bash") && isThere("curl"))) return context.skip("needs bash and curl");
  const { publish, consume, settle } = snippetsFor(server.url, server.apiKey);
  const said = await paste([publish, consume, settle].join("\n"));
  expect(refusals(said), said).toEqual([]);
  expect(await account("counter", "visits"), said).toMatchObject({ head: 1, settled: { count: 1 } });
}, 60_000);

test("README's tour runs as it stands, and ends with everything settled", async (context) => {
  if (!(isThere("bash") && isThere("curl"))) return context.skip("needs bash and curl");
  const said = await paste(commandsOf("README.md"));
  expect(refusals(said), said).toEqual([]);
  expect(await account("billing", "payments"), said).toMatchObject({
    head: 4,
    settled: { count: 3 },
    filtered: { count: 1 },
    dead: { count: 0 },
    blocked: { count: 0 },
  });
  expect(said).toContain('"paid:order-1"');
}, 60_000);

test("the commands of docs/write-a-client.md run as they stand, and one of them is refused, as it says", async (context) => {
  if (!(isThere("bash") && isThere("curl"))) return context.skip("needs bash and curl");
  const said = await paste(commandsOf("docs/write-a-client.md"));
  expect(refusals(said), said).toEqual(["state-conflict"]);
  expect(await account("courier", "shipments"), said).toMatchObject({ head: 6, settled: { count: 6 } });
  expect(said).toMatch(/^event: session$/m);
  expect(said).toMatch(/^id: [\w-]+\.1$/m);
}, 60_000);
