import fc from "fast-check";
import { expect, test } from "vitest";
import type { Job } from "./job.ts";
import { KnownEntries } from "./known-entries.ts";
import { received } from "./received-event.ts";
import { outcomeText, packSettlements } from "./settlement-batch.ts";
import { composeStates } from "./state-changes.ts";
import { StateDraft } from "./state-draft.ts";
import type { CloudEvent, Settlement } from "./wire.ts";

function jobAt(offset: number, value: number | null): Job {
  const draft = value === null ? null : new StateDraft(JSON);
  draft?.set("k", value);
  return {
    delivery: { topic: "t", partition: 0, offset, epoch: 1, attempt: 1, replay: false, redelivered: false },
    received: received({ topic: "t" } as CloudEvent, offset),
    sequence: null,
    status: "done",
    heardAt: 0,
    isParked: false,
    verdict: null,
    draft,
    abort: null,
  };
}

const read = (jobs: readonly Job[]) => {
  const { texts } = composeStates(jobs, new KnownEntries(), JSON);
  return jobs.map((job, i) => JSON.parse(outcomeText(job, texts[i] ?? null)) as Settlement);
};

test("in whatever order handlers finish, fail or are dropped: each finished event is settled once, by what became of it", () => {
  const kind = fc.constantFrom("plain", "state", "failed", "skipped", "parked", "dropped");
  fc.assert(
    fc.property(fc.array(kind, { maxLength: 60 }), (kinds) => {
      const jobs = kinds.map((it, i) => {
        const job = jobAt(i + 1, it === "state" ? i : null);
        if (it === "failed") job.verdict = { outcome: "retry", error: { name: "E", message: "m" }, delayMs: 5 };
        if (it === "skipped") job.verdict = { outcome: "skip", reason: "r" };
        job.isParked = it === "parked";
        if (it === "dropped") job.status = "dropped";
        return job;
      });
      const at = { topic: "t", partition: 0, epoch: 1 };
      const rest = {
        plain: () => ({ outcome: "ack" }),
        state: (i: number) => ({ outcome: "ack", state: { set: { k: i }, delete: [] } }),
        failed: () => ({ outcome: "retry", attempt: 1, error: { name: "E", message: "m" }, delayMs: 5 }),
        skipped: () => ({ outcome: "skip", attempt: 1, reason: "r" }),
        parked: () => ({ outcome: "ack", attempt: 1 }),
        dropped: () => null,
      };
      const expected = kinds.flatMap((it, i) => {
        const says = rest[it as keyof typeof rest](i);
        return says === null ? [] : [{ ...at, offset: i + 1, ...says }];
      });
      const batch = packSettlements(jobs);
      expect(read(batch.jobs)).toEqual(expected);
      expect(batch.jobs.map((job) => job.delivery.offset)).toEqual(expected.map((it) => it.offset));
      expect(packSettlements(jobs).jobs).toEqual([]);
    }),
  );
});

test("a request stays within the server's bounds of count and size, and the rest keeps its order", () => {
  const jobs = Array.from({ length: 1500 }, (_, i) => jobAt(i + 1, i));
  const first = packSettlements(jobs);
  expect(first.jobs).toHaveLength(1000);
  expect(first.left.map((it) => it.delivery.offset)).toEqual(Array.from({ length: 500 }, (_, i) => 1001 + i));
  const large = Array.from({ length: 6 }, (_, i) => jobAt(i + 1, 0));
  for (const job of large) job.draft?.set("large", "x".repeat(900_000));
  expect(packSettlements(large).jobs).toHaveLength(2);
});
