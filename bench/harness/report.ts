import { mkdir, writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { join } from "node:path";
import type { Figure, Measured, Verdict } from "./figure.ts";
import type { Spread } from "./statistics.ts";

export interface Report {
  readonly at: string;
  readonly machine: { readonly cores: number; readonly node: string; readonly postgres: string };
  readonly rounds: number;
  /** All rows, none of them failed, at full length. */
  readonly isWhole: boolean;
  readonly figures: readonly Figure[];
}

export function describeMachine(postgres: string): Report["machine"] {
  return { cores: cpus().length, node: process.versions.node, postgres };
}

export async function writeReport(directory: string, report: Report): Promise<void> {
  await mkdir(join(directory, "results"), { recursive: true });
  // A partial or quick run must not pass for the figures of record.
  const name = report.isWhole ? "latest.json" : "partial.local.json";
  await writeFile(join(directory, "results", name), `${JSON.stringify(report, null, 2)}\n`);
  if (report.isWhole) await writeFile(join(directory, "RESULTS.md"), renderReport(report));
}

export function renderReport(report: Report): string {
  const { machine } = report;
  const lines = [
    "# Figures",
    "",
    `Measured ${report.at.slice(0, 10)} on ${machine.cores} cores, Node ${machine.node}, PostgreSQL ${machine.postgres}; ` +
      `medians over ${report.rounds} interleaved rounds, in brackets the least and the greatest. ` +
      "Events carry 256 bytes of data; all that is stored is flushed before the answer. What is measured how: `bench/README.md`.",
    "",
    "| work | figure | must | aim | reached |",
    "| --- | --- | --- | --- | --- |",
    ...report.figures.flatMap((figure) => figure.verdicts.map((it) => verdictRow(figure, it))),
    "",
    ...report.figures.flatMap(renderFigure),
  ];
  return `${lines.join("\n")}\n`;
}

function verdictRow(figure: Figure, { what, unit, spread, relation, must, aim, reached }: Verdict): string {
  const bound = (value: number | null) => (value === null ? "—" : `${relation} ${format(value)} ${unit}`);
  const mark = reached === "short" ? "**falls short**" : reached;
  return `| ${figure.work} | ${what}: ${formatSpread(spread)} ${unit} | ${bound(must)} | ${bound(aim)} | ${mark} |`;
}

function renderFigure({ work, measured, notes }: Figure): string[] {
  return [
    `## ${work}`,
    "",
    "| measured | median | least | greatest |",
    "| --- | ---: | ---: | ---: |",
    ...measured.map(
      ({ name, unit, spread }: Measured) =>
        `| ${name} | ${format(spread.median)} ${unit} | ${format(spread.min)} | ${format(spread.max)} |`,
    ),
    "",
    ...notes.map((note) => `- ${note}`),
    ...(notes.length > 0 ? [""] : []),
  ];
}

function formatSpread({ median, min, max }: Spread): string {
  return min === max ? format(median) : `${format(median)} [${format(min)}–${format(max)}]`;
}

export function format(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value.toLocaleString("en-GB", { maximumFractionDigits: digits });
}
