import fc from "fast-check";
import { expect, test } from "vitest";
import type { Job } from "./job.ts";
import { received } from "./received-event.ts";
import { packSettlements } from "./settlement-batch.ts";
import { StateDraft } from "./state-draft.ts";
import { Tracks } from "./tracks.ts";
import type { CloudEvent, Settlement } from "./wire.ts";

function jobAt(tracks: Tracks, partition: number, offset: number, value: number | null): Job {
  const delivery = { topic: "t", partition, offset, epoch: 1, attempt: 1, replay: false };
  const draft = value === null ? null : new StateDraft();
  draft?.set("k", String(value));
  const job: Job = {
    delivery,
    received: received({ topic: "t" } as CloudEvent, offset),
    lane: null,
    track: tracks.of(delivery),
    status: "waiting",
    heardAt: 0,
    isParked: false,
    verdict: null,
    draft,
    abort: null,
  };
  job.track.add(job);
  return job;
}

const read = (settlements: readonly string[]) => settlements.map((it) => JSON.parse(it) as Settlement);

test("in whatever order handlers finish, fail or are dropped: every finished job is settled by what became of it, no other", () => {
  const arrival = fc.record({
    partition: fc.nat(2),
    hasState: fc.boolean(),
    isRedelivery: fc.nat(19).map((it) => it === 0),
  });
  fc.assert(
    fc.property(fc.array(arrival, { maxLength: 120 }), fc.array(fc.nat(), { maxLength: 400 }), (arrivals, choices) => {
      const tracks = new Tracks();
      const waiting = arrivals.map((it, at) =>
        jobAt(tracks, it.partition, it.isRedelivery ? 1 : at + 2, it.hasState ? at : null),
      );
      const all = [...waiting];
      let finished: Job[] = [];
      const values: unknown[] = [];
      const finishedValues: number[] = [];
      const flush = () => {
        const batch = packSettlements(finished);
        finished = batch.left;
        for (const [index, settlement] of read(batch.settlements).entries()) {
          const covered = all.filter(
            ({ delivery: { partition, offset } }) =>
              partition === settlement.partition &&
              (settlement.upTo ? offset <= settlement.offset : offset === settlement.offset),
          );
          if (settlement.upTo) {
            expect(covered.every((job) => job.status === "sent")).toBe(true);
            // A failure takes back what follows it, so the server has to hear of it first.
            const rest = new Set(batch.jobs.slice(index).flat());
            expect(covered.some((job) => job.verdict !== null && rest.has(job))).toBe(false);
          }
          expect(batch.jobs[index]?.every((job) => covered.includes(job))).toBe(true);
          const isFailure = batch.jobs[index]?.some((job) => job.verdict !== null) === true;
          expect([settlement.outcome, settlement.attempt]).toEqual(isFailure ? ["dead-letter", 1] : ["ack", undefined]);
          if (settlement.state?.set !== undefined) values.push(settlement.state.set.k);
        }
      };
      for (const choice of choices) {
        const [job] = choice % 5 === 0 ? [] : waiting.splice(choice % Math.max(1, waiting.length), 1);
        if (job === undefined) flush();
        else if (choice % 7 === 0) {
          job.status = "dropped";
          job.track.drop(job.delivery.offset);
          job.track.onGone(job);
        } else {
          job.status = "done";
          if (choice % 11 === 0) {
            job.draft = null;
            job.verdict = { outcome: "dead-letter", error: { name: "E", message: "" } };
          }
          if (job.draft !== null) finishedValues.push(all.indexOf(job));
          finished.push(job);
        }
      }
      flush();
      expect(finished).toEqual([]);
      expect(all.filter((job) => job.status === "waiting")).toHaveLength(waiting.length);
      expect(all.filter((job) => job.status === "done")).toEqual([]);
      expect(values).toEqual(finishedValues);
    }),
    { numRuns: 500 },
  );
});

test("a run of finished events is one settlement", () => {
  const tracks = new Tracks();
  const jobs = Array.from({ length: 5000 }, (_, i) => jobAt(tracks, 0, i + 1, null));
  for (const job of jobs) job.status = "done";
  expect(read(packSettlements(jobs).settlements)).toMatchObject([{ offset: 5000, upTo: true }]);
});

test("a request stays within the server's bounds of count and size, and the rest keeps its order", () => {
  const tracks = new Tracks();
  const jobs = Array.from({ length: 1500 }, (_, i) => jobAt(tracks, 0, i + 1, i));
  for (const job of jobs) job.status = "done";
  const first = packSettlements(jobs);
  expect(first.settlements).toHaveLength(1000);
  expect(first.left.map((it) => it.delivery.offset)).toEqual(Array.from({ length: 500 }, (_, i) => 1001 + i));
  const large = Array.from({ length: 6 }, (_, i) => jobAt(tracks, 1, i + 1, 0));
  for (const job of large) {
    job.status = "done";
    job.draft?.set("large", JSON.stringify("x".repeat(900_000)));
  }
  expect(packSettlements(large).settlements).toHaveLength(2);
});
