import type { Job } from "./job.ts";
import type { KnownEntries, KnownEntry } from "./known-entries.ts";
import { type DraftEntry, type Json, runSteps, type StateDraft, stepsOf } from "./state-draft.ts";

/** The changes that the jobs of one request make to the consumer's state. */
export interface StateChanges {
  /** The `state` of each job's settlement as JSON text; null = it changes nothing. */
  readonly texts: readonly (string | null)[];
  /** The entries that are updated, as they are when all of it is committed. */
  readonly after: ReadonlyMap<string, KnownEntry>;
  /** A job's update threw: what the handler did comes to nothing. */
  readonly failed: { readonly job: Job; readonly error: unknown } | null;
}

/** The entries that jobs update: how they stand has to be known. */
export function updatedEntries(jobs: readonly Job[]): Set<string> {
  const keys = new Set<string>();
  for (const { draft } of jobs) {
    if (draft === null) continue;
    for (const [key, { kind }] of draft.entries) if (kind === "update") keys.add(key);
  }
  return keys;
}

/**
 * Runs the updates of several jobs one after another, each on what the ones before it made of the entry: the server
 * will do the same, and find every version as expected unless somebody else was there in between.
 */
export function composeStates(jobs: readonly Job[], known: Pick<KnownEntries, "get">, json: Json): StateChanges {
  const after = new Map<string, KnownEntry>();
  for (const key of updatedEntries(jobs)) after.set(key, known.get(key) ?? { text: null, version: 0 });
  const texts: (string | null)[] = [];
  for (const job of jobs) {
    if (job.draft === null) texts.push(null);
    else {
      try {
        const { text, made } = composeOne(job.draft, after, json);
        for (const [key, entry] of made) after.set(key, entry);
        texts.push(text);
      } catch (error) {
        return { texts, after, failed: { job, error } };
      }
    }
  }
  return { texts, after, failed: null };
}

function composeOne(draft: StateDraft, before: ReadonlyMap<string, KnownEntry>, json: Json) {
  const made = new Map<string, KnownEntry>();
  const set: string[] = [];
  const deleted: string[] = [];
  const expected: string[] = [];
  const added: string[] = [];
  for (const [key, entry] of draft.entries) {
    const name = JSON.stringify(key);
    const stand = before.get(key);
    const text = stand === undefined ? textOf(entry) : textAfter(key, { entry, before: stand.text }, json);
    if (stand !== undefined) made.set(key, { text, version: text === null ? 0 : stand.version + 1 });
    if (entry.kind === "increment") added.push(`${name}:${entry.amount}`);
    else if (text === null) deleted.push(name);
    else set.push(`${name}:${text}`);
    if (entry.kind === "update") expected.push(`${name}:${stand?.version ?? 0}`);
  }
  const parts = [`"set":{${set.join(",")}}`, `"delete":[${deleted.join(",")}]`];
  if (expected.length > 0) parts.push(`"expect":{${expected.join(",")}}`);
  if (added.length > 0) parts.push(`"increment":{${added.join(",")}}`);
  return { text: `{${parts.join(",")}}`, made };
}

function textOf(entry: DraftEntry): string | null {
  return entry.kind === "set" ? entry.text : null;
}

function textAfter(
  key: string,
  { entry, before }: { readonly entry: DraftEntry; readonly before: string | null },
  json: Json,
): string | null {
  if (entry.kind === "set" || entry.kind === "delete") return textOf(entry);
  return runSteps(key, { text: before, steps: stepsOf(key, entry) }, json);
}
