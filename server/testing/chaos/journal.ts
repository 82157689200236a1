import { appendFileSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** One thing that a member has done. */
export interface Effect {
  /** On the machine's monotonic clock, the same for all processes. */
  readonly at: bigint;
  readonly key: string;
  readonly offset: number;
}

/** Adds a line to a member's journal; it is with the kernel when this returns, whatever becomes of the process. */
export function noteEffect(file: string, key: string, offset: number): void {
  appendFileSync(file, `${process.hrtime.bigint()} ${key} ${offset}\n`);
}

/** What all members did, by time. */
export function readJournals(directory: string): readonly Effect[] {
  const effects = readdirSync(directory)
    .filter((name) => name.endsWith(".journal"))
    .flatMap((name) =>
      // A process may have been killed in the middle of a line.
      readFileSync(join(directory, name), "utf8").split("\n").slice(0, -1),
    )
    .map((line): Effect => {
      const [at = "0", key = "", offset = "0"] = line.split(" ");
      return { at: BigInt(at), key, offset: Number(offset) };
    });
  return effects.sort((a, b) => (a.at < b.at ? -1 : 1));
}
