import type { Database } from "../../store/database.ts";
import type { Members } from "../members/members.ts";
import type { Appender } from "../topics/appender.ts";
import type { Wakeups } from "../wakeups.ts";
import type { AttemptTally } from "./attempt-tally.ts";

/** What this process has in hand at the moment. */
export interface Vitals {
  readonly connections: { readonly used: number; readonly idle: number; readonly waiting: number };
  readonly members: number;
  readonly inFlight: number;
  /** Per consumer, by id. */
  readonly inFlightOf: ReadonlyMap<number, number>;
  /** How deliveries ended since this process began, per consumer, by id. */
  readonly attemptsOf: AttemptTally["all"];
  readonly settlementsQueued: number;
  readonly eventsQueued: number;
  readonly wakeups: ReturnType<Wakeups["counts"]>;
}

export interface VitalsSources {
  readonly database: Pick<Database, "pool">;
  readonly appender: Pick<Appender, "queuedEvents">;
  readonly members: Pick<Members, "counts">;
  readonly wakeups: Pick<Wakeups, "counts">;
}

export function takeVitals({ database, appender, members, wakeups }: VitalsSources): Vitals {
  const { totalCount, idleCount, waitingCount } = database.pool;
  return {
    connections: { used: totalCount - idleCount, idle: idleCount, waiting: waitingCount },
    ...members.counts(),
    eventsQueued: appender.queuedEvents(),
    wakeups: wakeups.counts(),
  };
}
