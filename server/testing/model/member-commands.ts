import { setTimeout as delay } from "node:timers/promises";
import { expect } from "vitest";
import type { Delivery, Settlement, SettlementResult } from "../../contract/settlements.ts";
import { DomainError, type ErrorCode } from "../../domain/errors.ts";
import { acked, boom } from "../../engine/testing/consumer-rig.ts";
import type { Handling, Work } from "./commands.ts";
import { type Answer, MAX_ATTEMPTS } from "./consumer-model.ts";
import type { ModelMember } from "./model-member.ts";
import type { ModelWorld } from "./model-world.ts";

const AGAIN: ReadonlySet<ErrorCode> = new Set(["database-unavailable", "holder-unavailable"]);

/** An answer on its way. */
export interface Sending extends Answer {
  readonly member: ModelMember;
  /** The instance it is sent to. */
  readonly via: number;
}

/** What members do. */
export class MemberCommands {
  readonly #world: ModelWorld;

  constructor(world: ModelWorld) {
    this.#world = world;
  }

  /** A member handles one delivery: this is the moment of its effect. */
  work({ member: index, pick, handling, hasState, via }: Work): Sending[] {
    const member = this.#world.member(index);
    const workable = member?.workable() ?? [];
    const delivery = workable[pick % Math.max(1, workable.length)];
    if (member === undefined || delivery === undefined) return [];
    return [{ ...this.handle(member, delivery, { handling, hasState }), via }];
  }

  handle(
    member: ModelMember,
    delivery: Delivery,
    { handling, hasState }: { readonly handling: Handling; readonly hasState: boolean },
  ): Answer & { member: ModelMember } {
    const { offset } = delivery;
    const overtaken = this.#world.model.overtaken(offset);
    if (overtaken !== undefined && !this.#isStale(delivery)) {
      throw new Error(
        `${member.name} handles ${offset} before ${overtaken} of its key is over: ${this.#world.story()}`,
      );
    }
    const fate = this.#world.model.fate(offset);
    if (!this.#isStale(delivery)) {
      const what = `whether ${offset} is a replay: ${this.#world.story()}`;
      expect(delivery.replay, what).toBe(this.#world.model.handled.has(offset));
      expect(fate.kind, `${offset} must not come twice`).not.toBe("spared");
    }
    if (fate.kind === "failed" && !this.#isStale(delivery)) {
      expect(delivery.attempt, `attempt of ${offset}`).toBeGreaterThan(fate.attempt);
    }
    member.answer(delivery, handling !== "ack" && handling !== "skip");
    const state = hasState ? this.#stateFor(offset, handling) : {};
    // Deliveries that broke off have a number, and are no failures.
    const attemptsMax = this.#world.last?.parked.get(offset)?.attemptsMax ?? MAX_ATTEMPTS + delivery.attempt - 1;
    return {
      member,
      delivery,
      attemptsMax,
      settlement: { ...acked(delivery), ...outcomeOf(handling, delivery), ...state },
    };
  }

  /** State that tells order and repeats: each key's list of offsets, and how often its events were tried in vain. */
  #stateFor(offset: number, handling: Handling): Pick<Settlement, "state"> {
    const { key } = this.#world.model.event(offset);
    const name = handling === "ack" ? `done/${key ?? offset}` : `tried/${key ?? offset}`;
    const before = (this.#world.model.state.get(name)?.value as number[] | undefined) ?? [];
    return { state: { set: { [name]: [...before, offset] } } };
  }

  /** Sends answers, those of a member in one request; takes into the model what counts. */
  async send(answers: readonly Sending[]): Promise<void> {
    const requests = new Map<string, { via: number; member: ModelMember; group: Answer[] }>();
    for (const { via, member, ...answer } of answers) {
      const request = requests.get(`${via} ${member.name}`) ?? { via, member, group: [] };
      request.group.push(answer);
      requests.set(`${via} ${member.name}`, request);
    }
    const sent = [...requests.values()].map(async ({ via, member, group }) => {
      return { member, ...(await this.#untilKnown(via, group)) };
    });
    for (const { counted, refused, member, result } of await Promise.all(sent)) {
      member.answered();
      for (const [group, what] of [
        [counted, "counted"],
        [refused, "refused"],
      ] as const) {
        for (const { settlement: it } of group) {
          const outcome = `${it.outcome} ${it.offset} (${it.partition}, epoch ${it.epoch})`;
          this.#world.trace.push(`  ${member.name}: ${outcome} ${what}`);
        }
      }
      for (const { delivery } of refused) member.lose(delivery);
      this.#world.graveyard.push(...refused.map((it) => it.delivery));
      expect(result?.superseded ?? [], `superseded: ${JSON.stringify(counted)} ${this.#world.story()}`).toEqual([]);
      for (const answer of counted) {
        this.#world.model.settle(answer);
        this.#world.counted.push(answer);
      }
    }
  }

  /**
   * As members do: repeats until the database is back and it is known what became of them. Of a request that is refused
   * because some leases have moved on, the others are sent again.
   */
  async #untilKnown(
    via: number,
    group: readonly Answer[],
  ): Promise<{ counted: readonly Answer[]; refused: readonly Answer[]; result: SettlementResult | null }> {
    let counted = group;
    while (counted.length > 0) {
      try {
        const settlements = counted.map((it) => it.settlement);
        const result = await this.#world.instance(via).settle(this.#world.consumer, settlements);
        return { counted, refused: group.filter((it) => !counted.includes(it)), result };
      } catch (error) {
        if (error instanceof DomainError && AGAIN.has(error.code)) await delay(10);
        else {
          const stale = staleIn(error);
          counted = counted.filter((_, index) => !stale.has(index));
        }
      }
    }
    return { counted, refused: group, result: null };
  }

  /** What was counted once changes nothing when it comes again: the check that follows sees to it. */
  async repeat({ pick, via }: { pick: number; via: number }): Promise<void> {
    const answer = this.#world.counted[pick % Math.max(1, this.#world.counted.length)];
    if (answer === undefined) return;
    const { result } = await this.#untilKnown(via, [answer]);
    this.#world.trace.push(`  ${answer.settlement.outcome} ${answer.settlement.offset}: ${JSON.stringify(result)}`);
  }

  async stale({ pick, via }: { pick: number; via: number }): Promise<void> {
    const old = this.#world.graveyard.filter((it) => this.#isStale(it));
    const delivery = old[pick % Math.max(1, old.length)];
    if (delivery === undefined) return;
    const poison = acked(delivery, { state: { set: { poison: delivery.offset } } });
    await expect(this.#world.instance(via).settle(this.#world.consumer, [poison])).rejects.toMatchObject({
      code: "stale-epoch",
    });
  }

  #isStale({ partition, epoch }: Delivery): boolean {
    const current = this.#world.last?.epochs[partition];
    return current === undefined || epoch < current;
  }
}

function outcomeOf(handling: Handling, { attempt }: Delivery): Partial<Settlement> {
  switch (handling) {
    case "ack":
      return {};
    case "skip":
      return { outcome: "skip", reason: "unwanted", attempt };
    case "dead-letter":
      return { outcome: "dead-letter", attempt, error: boom };
    case "permanent":
      return { outcome: "retry", attempt, error: { name: "Permanent", message: "no cure" }, delayMs: 0 };
    case "retry-now":
      return { outcome: "retry", attempt, error: boom, delayMs: 0 };
    case "retry-later":
      return { outcome: "retry", attempt, error: boom, delayMs: 600_000 };
  }
}

/** A lease that has moved on is part of the game; anything else is not. */
function staleIn(error: unknown): ReadonlySet<number> {
  if (!(error instanceof DomainError) || error.code !== "stale-epoch") throw error;
  const { stale } = error.details.facts as { stale: { index: number }[] };
  return new Set(stale.map((it) => it.index));
}
