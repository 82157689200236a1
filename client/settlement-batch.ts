import type { Job } from "./job.ts";
import type { Settlement } from "./wire.ts";

/** The server's bound on one request, and one of ours on its size: 8 MiB there, in UTF-8, which may need 3 bytes each. */
export const MAX_SETTLEMENTS = 1000;
const MAX_CHARACTERS = 2 * 1024 * 1024;

/** Jobs for one request of settlements. */
export interface SettlementBatch {
  readonly jobs: Job[];
  /** Finished jobs that did not fit. */
  readonly left: Job[];
}

/** Takes as many finished jobs as fit into one request, in the order they finished; those taken become `sent`. */
export function packSettlements(finished: readonly Job[]): SettlementBatch {
  const batch: SettlementBatch = { jobs: [], left: [] };
  let characters = 0;
  for (const job of finished) {
    if (job.status !== "done") continue;
    const size = sizeOf(job);
    const isTooLarge = characters > 0 && characters + size > MAX_CHARACTERS;
    // Once one had to wait, all later ones wait: state keys are written in the order of the handlers.
    if (isTooLarge || batch.left.length > 0 || batch.jobs.length >= MAX_SETTLEMENTS) {
      batch.left.push(job);
      continue;
    }
    characters += size;
    job.status = "sent";
    batch.jobs.push(job);
  }
  return batch;
}

/** Whether settlements are too long for one request: what updates come to is known only when they are composed. */
export function isTooLong(settlements: readonly string[]): boolean {
  return settlements.reduce((sum, it) => sum + it.length, 0) > 2 * MAX_CHARACTERS;
}

const SMALL = 200;

function sizeOf({ draft, verdict }: Job): number {
  let size = SMALL;
  if (verdict !== null) size += JSON.stringify(verdict).length;
  else if (draft !== null) {
    for (const [key, entry] of draft.entries) size += key.length + (entry.kind === "set" ? entry.text.length : SMALL);
  }
  return size;
}

/**
 * What became of a job, and of nothing else: it says no word about events of which this member may know nothing.
 * `attempt` tells a late answer from the one to a later delivery of the same event.
 */
export function outcomeText(job: Job, state: string | null): string {
  const { verdict, isParked, delivery } = job;
  const attempt = `,"attempt":${delivery.attempt}`;
  if (verdict !== null) {
    const { outcome, ...rest } = verdict;
    return settlementText(job, outcome, `${attempt},${JSON.stringify(rest).slice(1, -1)}`);
  }
  const change = state === null ? "" : `,"state":${state}`;
  return settlementText(job, "ack", isParked || delivery.attempt > 1 ? attempt + change : change);
}

export function settlementText(job: Job, outcome: Settlement["outcome"], rest: string): string {
  const { topic, partition, epoch, offset } = job.delivery;
  return `{"topic":${JSON.stringify(topic)},"partition":${partition},"epoch":${epoch},"offset":${offset},"outcome":"${outcome}"${rest}}`;
}
