import { describe, expect, it } from "vitest";
import { decideSettlement, type ParkedRow, type SettlementFacts } from "./settlement-decision.ts";

const row = (state: ParkedRow["state"], attempt = 1): ParkedRow => ({
  state,
  attempt,
  attemptsMax: 5,
  operationId: null,
});
const live: SettlementFacts = {
  begun: "live",
  outcome: "ack",
  offset: 7,
  attempt: null,
  row: null,
  headOffset: null,
  isSettled: false,
};
const OUTCOMES = ["ack", "retry", "dead-letter", "skip"] as const;
const decisions = (facts: Partial<SettlementFacts>) =>
  OUTCOMES.map((outcome) => decideSettlement({ ...live, ...facts, outcome }));
const all = (decision: string) => OUTCOMES.map(() => decision);

describe("a settlement", () => {
  it("of a live delivery settles, parks, parks or discards it", () => {
    expect(decisions({})).toEqual(["settle", "park", "park", "discard"]);
  });

  it("of a live delivery counts although a replay of an earlier event of its key is parked", () => {
    expect(decisions({ headOffset: 3 })).toEqual(["settle", "park", "park", "discard"]);
  });

  it("of what was finished before is a repeat", () => {
    expect(decisions({ begun: "past" })).toEqual(all("repeat"));
    expect(decisions({ begun: "repeat" })).toEqual(all("repeat"));
  });

  it("of what was taken back is superseded, whether or not it is parked by now", () => {
    expect(decisions({ begun: "superseded" })).toEqual(all("superseded"));
    expect(decisions({ begun: "past", row: row("blocked") })).toEqual(all("superseded"));
  });

  it("of what another instance may have delivered goes by its row, its sequence and the cursor", () => {
    expect(decisions({ begun: "assumed" })).toEqual(["settle", "park", "park", "discard"]);
    expect(decisions({ begun: "assumed", isSettled: true })).toEqual(all("repeat"));
    expect(decisions({ begun: "assumed", headOffset: 3 })).toEqual(all("superseded"));
    expect(decisions({ begun: "assumed", row: row("retrying") })).toEqual([
      "release",
      "fail-again",
      "fail-again",
      "discard-parked",
    ]);
  });

  it("of a retrying head releases it, fails it again or discards it", () => {
    expect(decisions({ begun: "head", row: row("retrying"), headOffset: 7 })).toEqual([
      "release",
      "fail-again",
      "fail-again",
      "discard-parked",
    ]);
  });

  it("of an attempt that is over changes nothing, unless it is done after all", () => {
    const over = { begun: "head" as const, row: row("retrying", 2), headOffset: 7, attempt: 2 };
    expect(decisions(over)).toEqual(["release", "repeat", "repeat", "repeat"]);
    expect(decisions({ ...over, attempt: 3 })).toEqual(["release", "fail-again", "fail-again", "discard-parked"]);
  });

  it("of a dead letter is a repeat of what killed it, or nothing: it is the operator's", () => {
    expect(decisions({ begun: "head", row: row("dead"), headOffset: 7 })).toEqual([
      "superseded",
      "repeat",
      "repeat",
      "superseded",
    ]);
  });
});
