import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { chmod } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { startFollower } from "../actors/follower.ts";
import { Members, type MembersOptions } from "../actors/members.ts";
import { type Producers, type ProducersOptions, startProducers } from "../actors/producers.ts";
import { watchPosition } from "../actors/watch-position.ts";
import { type Journal, openJournal, readJournals } from "../oracle/journal.ts";
import { judge } from "../oracle/judge.ts";
import { type Observed, observe } from "../oracle/observe.ts";
import type { Finding } from "../oracle/verdict.ts";
import type { Target } from "../publish-load.ts";
import { seededRandom } from "../seeded-random.ts";
import { missing, type Need } from "./needs.ts";

// `npm run test:faults` sets these: where verdicts go, for how long, and in which order things fail.
const { FAULTS_VERDICTS, FAULTS_EFFORT = "short", FAULTS_SEED = "1" } = process.env;

export interface FaultTestOptions {
  /** The rows of the table in docs/faults.md that it is the test of. */
  readonly rows: readonly string[];
  /** Seconds until it has failed: in `npm test`, and in `npm run test:faults`. */
  readonly budgetS: { readonly short: number; readonly long: number };
  /** What the machine has to have; without it there is a verdict that says so. */
  readonly needs?: readonly Need[];
}

/** A run of one fault test: where its actors write, what it has found out, and what is to be closed. */
export interface Fault {
  readonly seed: number;
  /** The next number of the seed's row, 0 … below 1. */
  readonly random: () => number;
  /** Of two sizes the one for this run. */
  size(short: number, long: number): number;
  /** Of this run alone; gone afterwards. Everybody may enter. */
  readonly directory: string;
  openJournal(by: string): Journal;
  /** Runs when the test is over, the last first. */
  cleanUp(work: () => unknown): void;
  /** A figure for the verdict. */
  fact(name: string, value: unknown): void;
  /** Something else that has to hold, in a sentence that is true when it does. */
  holds(sentence: string, isTrue: boolean, detail?: unknown): void;
  producers(options: ProducersOptions): Producers;
  follower(target: Target, topic: string): ReturnType<typeof startFollower>;
  members(options: Omit<MembersOptions, "directory">): Members;
  /** Writes down a consumer's position all the while. */
  watch(target: Target, consumer: string, topic: string): void;
  /** Looks at everything by the API, and judges. Every run ends with it. */
  conclude(target: Target, observed: Observed): Promise<void>;
}

export interface Verdict {
  readonly test: string;
  readonly rows: readonly string[];
  readonly seed: number;
  readonly effort: string;
  readonly budgetS: number;
  readonly tookS: number;
  readonly outcome: "held" | "failed" | "not tried";
  /** Why it was not tried, or what failed outside of the invariants. */
  readonly reason: string | null;
  readonly invariants: readonly Finding[];
  readonly expectations: readonly { readonly sentence: string; readonly holds: boolean; readonly detail?: unknown }[];
  readonly facts: Readonly<Record<string, unknown>>;
}

export function faultTest(name: string, options: FaultTestOptions, body: (fault: Fault) => Promise<void>): void {
  const isLong = FAULTS_EFFORT === "long";
  const budgetS = isLong ? options.budgetS.long : options.budgetS.short;
  const seed = Number(FAULTS_SEED);
  // In a suite of its rows, so that a row's name selects it.
  describe(options.rows.join(" "), () => {
    it(
      name,
      async (context) => {
        const startedAt = Date.now();
        const facts: Record<string, unknown> = {};
        const expectations: { sentence: string; holds: boolean; detail?: unknown }[] = [];
        let invariants: readonly Finding[] | null = null;
        const tell = (outcome: Verdict["outcome"], reason: string | null) => {
          const tookS = (Date.now() - startedAt) / 1_000;
          const { rows } = options;
          const told = { test: name, rows, seed, effort: FAULTS_EFFORT, budgetS, tookS, outcome, reason };
          writeVerdict({ ...told, invariants: invariants ?? [], expectations, facts });
        };
        const lacking = missing(options.needs ?? []);
        if (lacking !== null) {
          tell("not tried", lacking);
          return context.skip(lacking);
        }
        const directory = mkdtempSync(join(tmpdir(), "millrace-fault-"));
        await chmod(directory, 0o755);
        const journals = join(directory, "journals");
        const cleanUps: (() => unknown)[] = [() => rmSync(directory, { recursive: true, force: true })];
        const cleanUp = (work: () => unknown) => void cleanUps.push(work);
        const open = (by: string) => openJournal(journals, by);
        const followers = { count: 0 };
        const fault: Fault = {
          seed,
          random: seededRandom(seed),
          size: (short, long) => (isLong ? long : short),
          directory,
          openJournal: open,
          cleanUp,
          fact(fact, value) {
            facts[fact] = value;
          },
          holds(sentence, isTrue, detail) {
            expectations.push({ sentence, holds: isTrue, ...(detail !== undefined && { detail }) });
          },
          producers(producerOptions) {
            const producers = startProducers(open, producerOptions);
            cleanUp(() => producers.abandon().catch(() => undefined));
            return producers;
          },
          follower(target, topic) {
            const follower = startFollower(target, open(`follower-${followers.count++}`), { topic });
            cleanUp(() => follower.close());
            return follower;
          },
          members(memberOptions) {
            const members = new Members({ ...memberOptions, directory: journals });
            cleanUp(() => members.close());
            return members;
          },
          watch(target, consumer, topic) {
            cleanUp(watchPosition(target, open(`watcher-${consumer}-${topic}`), { consumer, topic }));
          },
          async conclude(target, observed) {
            const observation = await observe(target, observed);
            invariants = together(invariants ?? [], judge(readJournals(journals), observation));
          },
        };
        try {
          await body(fault);
          if (invariants === null) throw new Error("a fault test ends with `conclude`");
          expectHeld({ invariants, expectations, seed });
          tell("held", null);
        } catch (error) {
          tell("failed", error instanceof Error ? error.message : String(error));
          throw error;
        } finally {
          for (const work of cleanUps.reverse()) await work();
        }
      },
      budgetS * 1_000,
    );
  });
}

/** A run that is looked at twice has held when it has both times. */
function together(before: readonly Finding[], after: readonly Finding[]): readonly Finding[] {
  return after.map((it) => {
    const earlier = before.find((one) => one.invariant === it.invariant);
    if (earlier === undefined || earlier.violated === 0) return it;
    return { ...it, violated: earlier.violated + it.violated, violations: [...earlier.violations, ...it.violations] };
  });
}

function expectHeld(run: {
  readonly invariants: readonly Finding[];
  readonly expectations: Verdict["expectations"];
  readonly seed: number;
}): void {
  const violated = run.invariants.filter((it) => it.violated > 0);
  const broken = run.expectations.filter((it) => !it.holds);
  expect({ violated, broken }, `seed ${run.seed}`).toEqual({ violated: [], broken: [] });
}

function writeVerdict(verdict: Verdict): void {
  if (FAULTS_VERDICTS === undefined) return;
  mkdirSync(FAULTS_VERDICTS, { recursive: true });
  const file = verdict.test.replaceAll(/[^a-z0-9]+/gi, "-").slice(0, 80);
  writeFileSync(join(FAULTS_VERDICTS, `${file}.json`), `${JSON.stringify(verdict, null, 2)}\n`);
}
