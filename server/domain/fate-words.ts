import { attemptText } from "./consumer-status.ts";
import { eventsText } from "./fact-words.ts";

export interface ParkedWords {
  readonly state: "retrying" | "dead" | "blocked" | "discarded";
  readonly attempt: number;
  readonly attemptsMax: number;
  readonly dueInMs: number;
  readonly errorName: string | null;
  readonly errorMessage: string | null;
  readonly operationId: string | null;
  readonly discardedBy: string | null;
  readonly discardedAt: string | null;
  readonly discardReason: string | null;
}

const MAX_MESSAGE = 200;

/** The fate of a parked event. `member`: whom it is with right now; `behind`: the parked event that it waits for. */
export function parkedText(
  parked: ParkedWords,
  { member, behind }: { readonly member: string | null; readonly behind: number | null },
): string {
  switch (parked.state) {
    case "retrying": {
      if (member !== null) return `attempt ${parked.attempt + 1} of ${parked.attemptsMax} is with ${member}`;
      const under = parked.operationId === null ? "" : ", as an operator asked";
      return `${attemptText({ ...parked, isDead: false })}${under}${errorText(parked)}`;
    }
    case "dead":
      return `${attemptText({ ...parked, isDead: true, errorName: null })}${errorText(parked)}`;
    case "blocked":
      return behind === null ? "waits for its turn" : `waits behind event ${behind}`;
    case "discarded": {
      const by = parked.discardedBy === null ? "" : ` by ${parked.discardedBy}`;
      const at = parked.discardedAt === null ? "" : ` at ${parked.discardedAt}`;
      return `discarded${by}${at}${parked.discardReason === null ? "" : `: ${parked.discardReason}`}`;
    }
  }
}

function errorText({ errorName, errorMessage }: ParkedWords): string {
  if (errorName === null) return "";
  const message = (errorMessage ?? "").split("\n", 1)[0]?.slice(0, MAX_MESSAGE) ?? "";
  return `; ${errorName}${message === "" ? "" : `: ${message}`}`;
}

/** Not delivered yet. `ahead`: offsets between the position of its partition and the event. */
export function pendingText({ ahead, behind }: { readonly ahead: number; readonly behind: number | null }): string {
  if (behind !== null) return `not delivered yet; it will wait behind event ${behind}, which is parked`;
  return ahead === 0 ? "not delivered yet; it is the next" : `not delivered yet; ${eventsText(ahead)} come before it`;
}

/** Settled. `failures`: deliveries of it that failed or broke off before. */
export function settledText(failures: number, rerunBy: string | null): string {
  const before =
    failures === 0 ? "settled" : `settled, after ${failures} ${failures === 1 ? "delivery" : "deliveries"} that failed`;
  return rerunBy === null ? before : `${before}; it is delivered again by replay ${rerunBy}`;
}
