import { describe, expect, it } from "vitest";
import { decideSettlement, type ParkedRow, type SettlementFacts } from "./settlement-decision.ts";

const row = (state: ParkedRow["state"], attempt = 1): ParkedRow => ({
  state,
  attempt,
  attemptsMax: 5,
  operationId: null,
});
const live: SettlementFacts = {
  outcome: "ack",
  offset: 7,
  attempt: null,
  row: null,
  headOffset: null,
  isSettled: false,
  isTakenBack: false,
};
const OUTCOMES = ["ack", "retry", "dead-letter", "skip"] as const;
const decisions = (facts: Partial<SettlementFacts>) =>
  OUTCOMES.map((outcome) => decideSettlement({ ...live, ...facts, outcome }));

describe("a settlement", () => {
  it("of a live delivery settles, parks, parks or discards it", () => {
    expect(decisions({})).toEqual(["settle", "park", "park", "discard"]);
  });

  it("of what was settled before is a repeat, whatever stands in its lane", () => {
    expect(decisions({ isSettled: true, headOffset: 3 })).toEqual(["repeat", "repeat", "repeat", "repeat"]);
  });

  it("of what stands behind a parked event, or was taken back, is superseded", () => {
    const superseded = OUTCOMES.map(() => "superseded");
    expect(decisions({ headOffset: 3 })).toEqual(superseded);
    expect(decisions({ isTakenBack: true, isSettled: true })).toEqual(superseded);
    expect(decisions({ row: row("blocked"), headOffset: 3 })).toEqual(superseded);
  });

  it("of a retrying head releases it, fails it again or discards it", () => {
    expect(decisions({ row: row("retrying"), headOffset: 7 })).toEqual([
      "release",
      "fail-again",
      "fail-again",
      "discard-parked",
    ]);
  });

  it("of an attempt that is over changes nothing, unless it is done after all", () => {
    const over = { row: row("retrying", 2), headOffset: 7, attempt: 2 };
    expect(decisions(over)).toEqual(["release", "repeat", "repeat", "repeat"]);
    expect(decisions({ ...over, attempt: 3 })).toEqual(["release", "fail-again", "fail-again", "discard-parked"]);
  });

  it("of a dead letter is a repeat of what killed it, or nothing: it is the operator's", () => {
    expect(decisions({ row: row("dead"), headOffset: 7 })).toEqual(["superseded", "repeat", "repeat", "superseded"]);
  });
});
