import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Entry, Told } from "./entries.ts";

/** What one producer, follower, member or watcher did and saw, in a file of its own. */
export interface Journal {
  readonly by: string;
  /** The line is with the kernel when this returns, whatever becomes of the process. Here processes die, not the machine. */
  note(entry: Entry): void;
}

const SUFFIX = ".journal";

/** `by` is unique: two processes of one name would be taken for one. */
export function openJournal(directory: string, by: string): Journal {
  mkdirSync(directory, { recursive: true });
  const file = join(directory, `${by}${SUFFIX}`);
  return {
    by,
    note(entry) {
      // On the machine's monotonic clock, which is the same for all processes.
      appendFileSync(file, `${JSON.stringify({ at: Number(process.hrtime.bigint() / 1_000n), ...entry })}\n`);
    },
  };
}

/** What everybody wrote down, by time. */
export function readJournals(directory: string): readonly Told[] {
  if (!existsSync(directory)) return [];
  const told = readdirSync(directory)
    .filter((name) => name.endsWith(SUFFIX))
    .flatMap((name) => {
      // A process may have been killed in the middle of a line.
      const lines = readFileSync(join(directory, name), "utf8").split("\n").slice(0, -1);
      const by = name.slice(0, -SUFFIX.length);
      return lines.map((line, index): Told => ({ ...JSON.parse(line), by, index }));
    });
  return told.sort((a, b) => a.at - b.at || a.index - b.index);
}
