import type { Job } from "./job.ts";
import type { Settlement } from "./wire.ts";

/** The server's bound on one request, and one of ours on its size: 8 MiB there, in UTF-8, which may need 3 bytes each. */
export const MAX_SETTLEMENTS = 1000;
const MAX_CHARACTERS = 2 * 1024 * 1024;

/** One request of settlements. `jobs[i]` is the one that `settlements[i]` settles. */
export interface SettlementBatch {
  readonly settlements: string[];
  readonly jobs: Job[];
  /** Finished jobs that did not fit. */
  readonly left: Job[];
}

/**
 * Packs finished jobs into one request, in the order they finished; those packed become `sent`. Each says what became
 * of itself and of nothing else: an `upTo` would pass over events of which this member knows nothing, because they wait
 * behind a parked one, and an instance that does not hold the partition could not tell them from handled ones.
 */
export function packSettlements(finished: readonly Job[]): SettlementBatch {
  const batch: SettlementBatch = { settlements: [], jobs: [], left: [] };
  let characters = 0;
  for (const job of finished) {
    if (job.status !== "done") continue;
    const text = outcomeText(job);
    const isTooLarge = characters > 0 && characters + text.length > MAX_CHARACTERS;
    // Once one had to wait, all later ones wait: state keys are written in the order of the handlers.
    if (isTooLarge || batch.left.length > 0 || batch.settlements.length >= MAX_SETTLEMENTS) {
      batch.left.push(job);
      continue;
    }
    characters += text.length;
    job.status = "sent";
    batch.settlements.push(text);
    batch.jobs.push(job);
  }
  return batch;
}

/** `attempt` tells a late answer from the one to a later delivery of the same event. */
function outcomeText(job: Job): string {
  const { verdict, draft, isParked, delivery } = job;
  const attempt = `,"attempt":${delivery.attempt}`;
  if (verdict !== null) {
    const { outcome, ...rest } = verdict;
    return settlementText(job, outcome, `${attempt},${JSON.stringify(rest).slice(1, -1)}`);
  }
  const state = draft === null ? "" : `,"state":${draft.toJson()}`;
  return settlementText(job, "ack", isParked || delivery.attempt > 1 ? attempt + state : state);
}

export function settlementText(job: Job, outcome: Settlement["outcome"], rest: string): string {
  const { topic, partition, epoch, offset } = job.delivery;
  return `{"topic":${JSON.stringify(topic)},"partition":${partition},"epoch":${epoch},"offset":${offset},"outcome":"${outcome}"${rest}}`;
}
