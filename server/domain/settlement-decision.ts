import type { Begin, Begun } from "./partition-flow.ts";

/** The parked row of an event, if it has one. */
export interface ParkedRow {
  readonly state: "retrying" | "dead" | "blocked" | "discarded";
  /** Deliveries that have failed. */
  readonly attempt: number;
  readonly attemptsMax: number;
  readonly operationId: string | null;
}

export interface SettlementFacts extends Begin {
  /** The delivery that the settlement speaks of, as the flow tells it. */
  readonly begun: Exclude<Begun, "undelivered">;
  /** The attempt that the member says it answers; null = it does not say. */
  readonly attempt: number | null;
  /** Read under the lock; never looked at for a live delivery, because nothing of that is parked. */
  readonly row: ParkedRow | null;
  /** The first parked event of its sequence, itself included; null = none. */
  readonly headOffset: number | null;
  /** The cursor covers it. */
  readonly isSettled: boolean;
}

/** The effect of one settlement on its event and on its sequence. */
export type SettlementDecision =
  /** The event is settled, and the flow goes past it. */
  | "settle"
  /** The event leaves the flow: `retrying` or `dead` by the retry policy, and its sequence waits. */
  | "park"
  /** The event leaves the flow for good, and its sequence goes on. */
  | "discard"
  /** A parked one went through: it leaves, and the next of its sequence follows. */
  | "release"
  /** A parked one failed again. */
  | "fail-again"
  /** A parked one is not wanted: it leaves, and the next of its sequence follows. */
  | "discard-parked"
  /** The settlement was counted before; nothing changes. */
  | "repeat"
  /** The delivery was taken back; it does not count, and the event comes again in its turn. */
  | "superseded";

export function decideSettlement(facts: SettlementFacts): SettlementDecision {
  switch (facts.begun) {
    case "live":
      return decideLive(facts);
    case "repeat":
    case "superseded":
      return facts.begun;
    case "head":
    case "past":
      return facts.row === null ? "repeat" : decideParked(facts, facts.row);
    case "assumed": {
      const { row, isSettled, headOffset, offset } = facts;
      if (row !== null) return decideParked(facts, row);
      if (isSettled) return "repeat";
      return headOffset !== null && headOffset < offset ? "superseded" : decideLive(facts);
    }
  }
}

function decideLive({ outcome }: SettlementFacts): SettlementDecision {
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

function decideParked({ outcome, attempt }: SettlementFacts, row: ParkedRow): SettlementDecision {
  switch (row.state) {
    case "blocked":
      return "superseded";
    case "discarded":
      return outcome === "skip" ? "repeat" : "superseded";
    case "dead":
      // A dead letter is the operator's: a late ack must not make it vanish while somebody is looking at it.
      return outcome === "retry" || outcome === "dead-letter" ? "repeat" : "superseded";
    case "retrying": {
      // Done is done, whichever attempt did it.
      if (outcome === "ack") return "release";
      if (attempt !== null && attempt <= row.attempt) return "repeat";
      return outcome === "skip" ? "discard-parked" : "fail-again";
    }
  }
}
