import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { FakeServer } from "./testing/fake-server.ts";

const run = promisify(execFile);
const here = import.meta.dirname;
const tsc = join(here, "../node_modules/typescript/bin/tsc");

test("the built package stands alone: its declarations compile in a strict program, its code runs in plain Node", async () => {
  const project = await mkdtemp(join(tmpdir(), "millrace-client-"));
  const server = await FakeServer.start();
  try {
    const installed = join(project, "node_modules/@millrace/client");
    await mkdir(installed, { recursive: true });
    await run(process.execPath, [tsc, "-p", join(here, "tsconfig.build.json"), "--outDir", join(installed, "dist")]);
    await cp(join(here, "package.json"), join(installed, "package.json"));
    await symlink(join(here, "../node_modules/eventsource-parser"), join(project, "node_modules/eventsource-parser"));
    const program = `import { createClient, type EventContext, type PublishedEvent } from "@millrace/client";
      const client = createClient({ url: process.argv[2] ?? "", apiKey: "k" });
      const stored: PublishedEvent[] = await client.publish("t", { type: "a", data: { n: 1 } });
      for await (const { event, offset } of client.follow<{ n: number }>("t")) {
        console.log(stored.length, offset, event.data?.n.toFixed(1));
        break;
      }
      export const handler = ({ state }: EventContext<string>): void => state.set("k", 1);`;
    await writeFile(join(project, "main.ts"), program);
    await writeFile(join(project, "package.json"), `{"type":"module"}`);
    const libraries = "ES2023,DOM,DOM.Iterable,DOM.AsyncIterable";
    const shims = "declare const process: { argv: string[] };";
    await writeFile(join(project, "process.d.ts"), shims);
    const strict = ["--strict", "--skipLibCheck", "false", "--module", "nodenext", "--target", "es2022", "--types", ""];
    const files = [join(project, "main.ts"), join(project, "process.d.ts")];
    await run(process.execPath, [tsc, ...strict, "--lib", libraries, ...files], { cwd: project });
    const { stdout } = await run(process.execPath, [join(project, "main.js"), server.url]);
    expect(stdout.trim()).toBe("1 1 1.0");
  } finally {
    await server.stop();
    await rm(project, { recursive: true, force: true });
  }
}, 60_000);
