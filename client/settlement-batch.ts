import { type Job, settlesAlone } from "./job.ts";
import type { Track } from "./track.ts";
import type { Settlement } from "./wire.ts";

/** The server's bound on one request, and one of ours on its size: 8 MiB there, in UTF-8, which may need 3 bytes each. */
export const MAX_SETTLEMENTS = 1000;
const MAX_CHARACTERS = 2 * 1024 * 1024;

/** One request of settlements. `jobs[i]` are the ones that `settlements[i]` settles. */
export interface SettlementBatch {
  readonly settlements: string[];
  readonly jobs: Job[][];
  /** Finished jobs that did not fit. */
  readonly left: Job[];
}

/**
 * Packs finished jobs into one request: failures, parked ones and those with state by themselves, in the order they
 * finished; then runs of the others as one `upTo`; what finished ahead of an unfinished one by itself. So a failure
 * takes back what follows it before an `upTo` passes over that. The jobs packed become `sent`.
 */
export function packSettlements(finished: readonly Job[]): SettlementBatch {
  const batch: SettlementBatch = { settlements: [], jobs: [], left: [] };
  const plain: Job[] = [];
  const tracks = new Set<Track>();
  let characters = 0;
  for (const job of finished) {
    if (job.status !== "done") continue;
    tracks.add(job.track);
    if (!settlesAlone(job)) {
      plain.push(job);
      continue;
    }
    const text = outcomeText(job);
    // Once one had to wait, all later ones wait: state keys are written in the order of the handlers.
    const isFull = batch.left.length > 0 || batch.settlements.length >= MAX_SETTLEMENTS;
    if (isFull || (characters > 0 && characters + text.length > MAX_CHARACTERS)) {
      batch.left.push(job);
      continue;
    }
    characters += text.length;
    put(batch, text, [job]);
    job.track.onGone(job);
  }
  for (const track of tracks) {
    if (batch.settlements.length >= MAX_SETTLEMENTS) break;
    const run = track.takeFinished();
    const last = run.at(-1);
    if (last !== undefined) put(batch, settlementText(last, "ack", run.length > 1 ? `,"upTo":true` : ""), run);
  }
  for (const job of plain) {
    if (job.status !== "done") continue;
    if (batch.settlements.length >= MAX_SETTLEMENTS) {
      batch.left.push(job);
      continue;
    }
    put(batch, settlementText(job, "ack", ""), [job]);
    job.track.onGone(job);
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

function put(batch: SettlementBatch, text: string, jobs: Job[]): void {
  for (const job of jobs) job.status = "sent";
  batch.settlements.push(text);
  batch.jobs.push(jobs);
}
