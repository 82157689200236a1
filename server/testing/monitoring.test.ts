import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type RunningServer, runningServer } from "../http/testing/running-server.ts";
import { hasPromtool, promtool } from "./promtool.ts";

const RULES = "deploy/prometheus/rules.yml";
const METRIC = /\b(?:millrace|nodejs|process)_[a-z0-9_]+/g;

interface Panel {
  readonly id: number;
  readonly title: string;
  readonly type: string;
  readonly targets?: readonly { readonly expr: string }[];
}

let server: RunningServer;
/** Names as queries use them. */
let known: ReadonlySet<string>;
let own: readonly string[];
let rules: string;
let panels: readonly Panel[];

beforeAll(async () => {
  server = await runningServer();
  const page = await (await server.request("/metrics")).text();
  const families = Array.from(page.matchAll(/^# TYPE (\S+) (\S+)$/gm), ([, name = "", type = ""]) => ({ name, type }));
  const parts = (type: string) => (type === "histogram" ? ["_bucket", "_sum", "_count"] : [""]);
  known = new Set(families.flatMap(({ name, type }) => parts(type).map((part) => name + part)));
  own = families.map((it) => it.name).filter((it) => it.startsWith("millrace_"));
  rules = await readFile(RULES, "utf8");
  panels = (JSON.parse(await readFile("deploy/grafana/millrace.json", "utf8")) as { panels: Panel[] }).panels;
});
afterAll(() => server.close());

const unknown = (text: string) => [...new Set(text.match(METRIC))].filter((name) => !known.has(name));
const expressions = () => panels.flatMap((panel) => (panel.targets ?? []).map((it) => it.expr));

describe("the rules", () => {
  it("speak of metrics that a server tells, and of no other", () => {
    expect(unknown(rules)).toEqual([]);
    expect(unknown("rate(millrace_topic_published_total[5m])")).toEqual(["millrace_topic_published_total"]);
  });

  it("each say in words what is wrong and lead to a place that tells what to do", async () => {
    const alerts = rules.split("- alert: ").slice(1);
    const headings = (await readFile("docs/metrics.md", "utf8")).match(/^### .*$/gm) ?? [];
    expect(headings.map((it) => it.slice(4))).toEqual(alerts.map((it) => it.split("\n")[0]));
    for (const alert of alerts) {
      const name = alert.split("\n")[0] ?? "";
      expect(alert).toMatch(/^ +summary: \S.{20,}$/m);
      expect(alert).toContain(`runbook_url: docs/metrics.md#${name.toLowerCase()}\n`);
      expect(alert).toMatch(/severity: (page|ticket) /);
    }
  });

  it.skipIf(!hasPromtool)("are taken by Prometheus, and fire when they should and not before", () => {
    expect(promtool(["check", "rules", RULES])).toContain("SUCCESS");
    expect(promtool(["test", "rules", "deploy/prometheus/rules.test.yml"])).toContain("SUCCESS");
  });

  it("are each tested", async () => {
    const tests = await readFile("deploy/prometheus/rules.test.yml", "utf8");
    const names = rules.match(/(?<=- alert: )\w+/g) ?? [];
    expect(names.filter((name) => !new RegExp(`alertname: ${name}\n +exp_alerts:\n +- `).test(tests))).toEqual([]);
  });
});

describe("the dashboard", () => {
  it("speaks of metrics that a server tells, and of no other", () => {
    expect(expressions().length).toBeGreaterThan(20);
    expect(unknown(expressions().join("\n"))).toEqual([]);
  });

  it("has panels that are each of their own and show something", () => {
    const shown = panels.filter((it) => it.type !== "row");
    expect(new Set(panels.map((it) => it.id)).size).toBe(panels.length);
    expect(shown.filter((it) => it.title === "" || (it.targets ?? []).length === 0)).toEqual([]);
  });

  it.skipIf(!hasPromtool)("asks what Prometheus can answer", async () => {
    // As rules, with what Grafana puts in for its variables.
    const filled = expressions().map((it) =>
      it.replaceAll(/\$(consumer|topic)\b/g, ".*").replaceAll("$__rate_interval", "5m"),
    );
    const recorded = filled.map((expr, i) => ({ record: `panel:${i}`, expr }));
    const directory = await mkdtemp(join(tmpdir(), "millrace-dashboard-"));
    try {
      const file = join(directory, "rules.yml");
      await writeFile(file, JSON.stringify({ groups: [{ name: "dashboard", rules: recorded }] }));
      expect(promtool(["check", "rules", file])).toContain(`${recorded.length} rules found`);
    } finally {
      await rm(directory, { recursive: true });
    }
  });
});

describe("docs/metrics.md", () => {
  it("has a line for every metric of Millrace, and for no other", async () => {
    const tables = (await readFile("docs/metrics.md", "utf8"))
      .split("\n")
      .filter((it) => it.startsWith("| `millrace_"));
    const told = tables.flatMap((line) => (line.split(" | ")[0] ?? "").match(METRIC) ?? []);
    expect([...told].sort()).toEqual([...own].sort());
  });
});
