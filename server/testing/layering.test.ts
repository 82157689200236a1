import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

/** Each is planted as a file of its own: where, and what it would import. */
const REFUSED: readonly (readonly [file: string, imports: string])[] = [
  ["server/domain/a.ts", "node:crypto"],
  ["server/domain/b.ts", "zod"],
  ["server/domain/c.ts", "../contract/events.ts"],
  ["server/domain/d.ts", "../store/database.ts"],
  ["server/contract/a.ts", "../store/database.ts"],
  ["server/contract/b.ts", "../services/services.ts"],
  ["server/contract/c.ts", "../engine/topics/appender.ts"],
  ["server/contract/d.ts", "node:fs"],
  ["server/store/a.ts", "../services/services.ts"],
  ["server/store/b.ts", "../http/answer.ts"],
  ["server/store/c.ts", "../trpc/router.ts"],
  ["server/store/d.ts", "../engine/topics/appender.ts"],
  ["server/engine/a.ts", "../http/answer.ts"],
  ["server/engine/b.ts", "../trpc/router.ts"],
  ["server/engine/c.ts", "../../app/page.tsx"],
  ["server/engine/d.ts", "../services/services.ts"],
  ["server/engine/e.ts", "pg"],
  ["server/engine/deeper/a.ts", "../../http/answer.ts"],
  ["server/services/a.ts", "@prisma/client"],
  ["server/services/b.ts", "next/server"],
  ["server/services/c.ts", "@trpc/server"],
  ["server/services/d.ts", "hono"],
  ["server/services/e.ts", "pg"],
  ["server/services/f.ts", "../store/prisma/client.ts"],
  ["server/services/g.ts", "../http/answer.ts"],
  ["server/http/a.ts", "../store/database.ts"],
  ["server/http/deeper/a.ts", "../../store/database.ts"],
  ["server/trpc/a.ts", "../store/database.ts"],
  ["server/trpc/live/a.ts", "../../store/database.ts"],
  ["server/trpc/b.ts", "../engine/members/members.ts"],
  ["server/auth/a.ts", "../store/database.ts"],
  ["server/auth/b.ts", "../engine/members/members.ts"],
  ["server/auth/c.ts", "../trpc/router.ts"],
  ["server/embedded/a.ts", "../store/database.ts"],
  ["server/launch/a.mjs", "zod"],
  ["app/a.tsx", "@/server/services/services.ts"],
  ["app/topics/a.tsx", "@/server/store/database.ts"],
  ["components/a.tsx", "@/server/engine/topics/appender.ts"],
  ["components/b.tsx", "../server/http/answer.ts"],
  ["components/ui/a.tsx", "../display/panel.tsx"],
  ["components/ui/b.tsx", "@/components/shell/shell.tsx"],
  ["components/display/a.tsx", "../consumers/consumer-page.tsx"],
  ["components/display/b.tsx", "../../server/http/answer.ts"],
  ["components/data/a.ts", "../display/panel.tsx"],
  ["client/a.ts", "../server/domain/errors.ts"],
  ["client/b.ts", "../server/services/services.ts"],
  ["client/c.ts", "node:fs"],
  ["examples/a.ts", "../server/services/services.ts"],
];

const ALLOWED: readonly (readonly [file: string, imports: string])[] = [
  ["server/domain/ok.ts", "./errors.ts"],
  ["server/contract/ok.ts", "../domain/errors.ts"],
  ["server/contract/ok-zod.ts", "zod"],
  ["server/store/ok.ts", "../domain/errors.ts"],
  ["server/engine/ok.ts", "../store/database.ts"],
  ["server/services/ok.ts", "../engine/topics/appender.ts"],
  ["server/http/ok.ts", "../services/services.ts"],
  ["server/trpc/ok.ts", "../auth/identity.ts"],
  ["server/launch/ok.mjs", "node:fs"],
  ["app/ok.tsx", "@/server/contract/events.ts"],
  ["components/ok.tsx", "@/server/domain/offset-ranges.ts"],
  ["components/ok-router.tsx", "@/server/trpc/router.ts"],
  ["components/ui/ok.tsx", "./class-names.ts"],
  ["components/display/ok.tsx", "../ui/class-names.ts"],
  ["components/display/ok-contract.ts", "../../server/contract/events.ts"],
  ["client/ok.ts", "../server/contract/events.ts"],
  ["examples/ok.ts", "../client/create-client.ts"],
];

let directory: string;
let found: Map<string, Set<string>>;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "millrace-layering-"));
  const config = JSON.parse(await readFile("biome.json", "utf8"));
  await plant("biome.json", JSON.stringify({ ...config, $schema: undefined, vcs: { enabled: false } }));
  for (const [file, imports] of [...REFUSED, ...ALLOWED]) {
    await plant(file, `import { it } from "${imports}";\n\nexport const here = it;\n`);
  }
  await plant("server/engine/left.ts", 'import { right } from "./right.ts";\n\nexport const left = () => right;\n');
  await plant("server/engine/right.ts", 'import { left } from "./left.ts";\n\nexport const right = () => left;\n');
  await plant("server/store/environment.ts", "export const port = process.env.PORT;\n");
  await plant("server/store/barrel.ts", 'export * from "./environment.ts";\n');
  found = await lint();
});
afterAll(() => rm(directory, { recursive: true, force: true }));

async function plant(file: string, text: string): Promise<void> {
  const path = join(directory, file);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
}

/** Which rules refused which file. */
async function lint(): Promise<Map<string, Set<string>>> {
  const report = await new Promise<string>((done) => {
    const args = ["lint", "--reporter=json", "--max-diagnostics=none", "--diagnostic-level=error"];
    execFile(resolve("node_modules/.bin/biome"), args, { cwd: directory, maxBuffer: 2 ** 26 }, (_, stdout) =>
      done(stdout),
    );
  });
  const rules = new Map<string, Set<string>>();
  for (const { category, location } of JSON.parse(report).diagnostics) {
    const file = location.path.file ?? location.path;
    rules.set(file, (rules.get(file) ?? new Set()).add(category));
  }
  return rules;
}

const has = (file: string, rule: string) => [...found].some(([path, rules]) => path.endsWith(file) && rules.has(rule));

describe("rooms", () => {
  it.each(REFUSED)("%s may not import %s", (file) => {
    expect(has(file, "lint/style/noRestrictedImports")).toBe(true);
  });

  it.each(ALLOWED)("%s may import %s", (file) => {
    expect(has(file, "lint/style/noRestrictedImports")).toBe(false);
  });

  it("refuses an import cycle, a barrel, and the environment read anywhere but in main", () => {
    expect(has("server/engine/left.ts", "lint/suspicious/noImportCycles")).toBe(true);
    expect(has("server/store/barrel.ts", "lint/performance/noBarrelFile")).toBe(true);
    expect(has("server/store/environment.ts", "lint/style/noProcessEnv")).toBe(true);
  });

  it("keeps clocks, timers and chance out of the domain", async () => {
    const files = (await readdir("server/domain")).filter((it) => it.endsWith(".ts") && !it.endsWith(".test.ts"));
    const texts = await Promise.all(files.map((it) => readFile(join("server/domain", it), "utf8")));
    const isImpure = /\b(Date\.now|new Date|performance\.|Math\.random|setTimeout|setInterval|crypto\.)/;
    expect(files.filter((_, i) => isImpure.test(texts[i] ?? ""))).toEqual([]);
    expect(files.length).toBeGreaterThan(30);
  });

  it("lets pages know of the router its type alone, and clients of the contract its types", async () => {
    const offenders: string[] = [];
    for (const [room, pattern] of [
      ["app", /^import (?!type ).*server\/trpc/m],
      ["components", /^import (?!type ).*server\/trpc/m],
      ["client", /^import (?!type ).*server\/contract/m],
    ] as const) {
      for (const entry of await readdir(room, { recursive: true, withFileTypes: true })) {
        const file = join(entry.parentPath, entry.name);
        if (!/\.tsx?$/.test(entry.name) || /node_modules|\.test\.|\/testing\//.test(file)) continue;
        if (pattern.test(await readFile(file, "utf8"))) offenders.push(file);
      }
    }
    expect(offenders).toEqual([]);
  });
});
