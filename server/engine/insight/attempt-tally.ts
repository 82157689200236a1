import type { Answer, SettlementGroup } from "../settling/group.ts";
import type { SettledOutcome } from "../settling/settle-parked.ts";

export type AttemptOutcome = Answer["outcome"];
export type AttemptCounts = Readonly<Record<AttemptOutcome, number>>;

/** Consumers that come and go are forgotten, the first first. */
const MAX_CONSUMERS = 10_000;

/** How the deliveries of each consumer ended that were settled here, since this process began. */
export class AttemptTally {
  readonly #counts = new Map<number, Record<AttemptOutcome, number>>();

  /** Deliveries that were answered twice, or taken back before, count for nothing. */
  add(
    consumerId: number,
    { counted }: Pick<SettlementGroup, "counted">,
    { decided }: Pick<SettledOutcome, "decided">,
  ): void {
    if (counted.size > 0) this.#of(consumerId).ack += counted.size;
    for (const { decision, special } of decided) {
      if (decision !== "repeat" && decision !== "superseded") this.#of(consumerId)[special.item.outcome] += 1;
    }
  }

  /** By consumer, by id. */
  get all(): ReadonlyMap<number, AttemptCounts> {
    return this.#counts;
  }

  #of(consumerId: number): Record<AttemptOutcome, number> {
    let counts = this.#counts.get(consumerId);
    if (counts === undefined) {
      counts = { ack: 0, retry: 0, "dead-letter": 0, skip: 0 };
      this.#counts.set(consumerId, counts);
      const [oldest] = this.#counts.keys();
      if (this.#counts.size > MAX_CONSUMERS && oldest !== undefined) this.#counts.delete(oldest);
    }
    return counts;
  }
}
