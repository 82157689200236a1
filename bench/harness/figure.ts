import { type Spread, spread } from "./statistics.ts";

/** One number that was measured, over all rounds. */
export interface Measured {
  readonly name: string;
  readonly unit: string;
  readonly spread: Spread;
  readonly rounds: readonly number[];
}

/** What a figure had to reach, and did or did not. `aim` null = none was set. */
export interface Verdict {
  readonly what: string;
  readonly unit: string;
  readonly spread: Spread;
  readonly relation: "≥" | "≤";
  readonly must: number | null;
  readonly aim: number | null;
  readonly reached: "aim" | "must" | "short" | "—";
}

export interface Figure {
  readonly row: string;
  readonly work: string;
  readonly measured: readonly Measured[];
  readonly verdicts: readonly Verdict[];
  readonly notes: readonly string[];
}

export function measured(name: string, unit: string, rounds: readonly number[]): Measured {
  return { name, unit, spread: spread(rounds), rounds };
}

/** Judges by the median. */
export function verdict(
  what: string,
  unit: string,
  rounds: readonly number[],
  goal: { readonly relation: "≥" | "≤"; readonly must?: number; readonly aim?: number },
): Verdict {
  const values = spread(rounds);
  const holds = (bound: number) => (goal.relation === "≥" ? values.median >= bound : values.median <= bound);
  const must = goal.must ?? null;
  const aim = goal.aim ?? null;
  const reached =
    must === null && aim === null
      ? "—"
      : aim !== null && holds(aim)
        ? "aim"
        : must !== null && holds(must)
          ? "must"
          : "short";
  return { what, unit, spread: values, relation: goal.relation, must, aim, reached };
}

/** Round by round, so that both sides of every ratio were measured within seconds of each other. */
export function ratios(numerator: readonly number[], denominator: readonly number[]): number[] {
  return numerator.map((value, i) => value / (denominator[i] ?? Number.NaN));
}
