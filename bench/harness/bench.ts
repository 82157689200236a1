import type { Cluster } from "./cluster.ts";
import type { Figure } from "./figure.ts";
import type { Millrace } from "./millrace.ts";

/** What every row is given. */
export interface Bench {
  readonly cluster: Cluster;
  readonly millrace: Millrace;
  /** The database that Millrace keeps its events in. */
  readonly millraceUrl: string;
  /** A database with Millrace's tables and nothing in them, for the ceilings. */
  readonly ceilingUrl: string;
  readonly rounds: number;
  /** A short check of the bench itself; its figures mean little. */
  readonly isQuick: boolean;
  /** Another Millrace on the same database: the same program, no history. */
  startAnother(): Promise<Millrace>;
}

/** Measures one line of the table of figures. */
export interface Row {
  readonly name: string;
  readonly run: (bench: Bench) => Promise<Figure[]>;
}

let topicIds = 1_000_000;

/** A topic id for rows that a ceiling writes by itself. */
export function nextTopicId(): number {
  return topicIds++;
}
