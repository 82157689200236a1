/** The parked row of an event, if it has one. */
export interface ParkedRow {
  readonly state: "retrying" | "dead" | "blocked" | "discarded";
  /** Deliveries that have failed. */
  readonly attempt: number;
  readonly attemptsMax: number;
  readonly operationId: string | null;
}

export interface SettlementFacts {
  readonly outcome: "ack" | "retry" | "dead-letter" | "skip";
  readonly offset: number;
  /** The attempt that the member says it answers; null = it does not say. */
  readonly attempt: number | null;
  readonly row: ParkedRow | null;
  /** The first parked event of its sequence, itself included; null = none. */
  readonly headOffset: number | null;
  /** The consumer has settled it already, or passed it by. */
  readonly isSettled: boolean;
  /** An earlier event of its sequence has failed since it was delivered, and it is about to be parked behind that. */
  readonly isTakenBack: boolean;
}

/** What one settlement does to its event and to its sequence. */
export type SettlementDecision =
  /** It counts, and the flow goes past it. */
  | "settle"
  /** It leaves the flow: `retrying` or `dead` by the retry policy, and its sequence waits. */
  | "park"
  /** It leaves the flow for good, and its sequence goes on. */
  | "discard"
  /** A parked one went through: it leaves, and the next of its sequence follows. */
  | "release"
  /** A parked one failed again. */
  | "fail-again"
  /** A parked one is not wanted: it leaves, and the next of its sequence follows. */
  | "discard-parked"
  /** It was counted before; nothing changes. */
  | "repeat"
  /** The delivery was taken back; it does not count, and the event comes again in its turn. */
  | "superseded";

export function decideSettlement(facts: SettlementFacts): SettlementDecision {
  const { outcome, row } = facts;
  if (row === null) return decideLive(facts);
  switch (row.state) {
    case "blocked":
      return "superseded";
    case "discarded":
      return outcome === "skip" ? "repeat" : "superseded";
    case "dead":
      // What failed for good is the operator's: a late ack must not make a letter vanish that somebody is looking at.
      return outcome === "retry" || outcome === "dead-letter" ? "repeat" : "superseded";
    case "retrying": {
      // Done is done, whichever attempt did it.
      if (outcome === "ack") return "release";
      if (facts.attempt !== null && facts.attempt <= row.attempt) return "repeat";
      return outcome === "skip" ? "discard-parked" : "fail-again";
    }
  }
}

function decideLive(facts: SettlementFacts): SettlementDecision {
  const { outcome, offset, headOffset, isSettled, isTakenBack } = facts;
  if (isTakenBack) return "superseded";
  if (isSettled) return "repeat";
  if (headOffset !== null && headOffset < offset) return "superseded";
  switch (outcome) {
    case "ack":
      return "settle";
    case "skip":
      return "discard";
    case "retry":
    case "dead-letter":
      return "park";
  }
}
