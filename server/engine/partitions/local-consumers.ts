import type { ConsumerSetup } from "../../store/consumers/setup-select.ts";
import type { EndReason } from "../members/frame-sink.ts";
import type { MemberSession } from "../members/member-session.ts";
import type { LocalConsumer } from "./local-consumer.ts";

/** The consumers that have members at this instance: opened with the first, closed with the last. */
export class LocalConsumers {
  readonly #openOne: (setup: ConsumerSetup) => Promise<LocalConsumer>;
  readonly #opening = new Map<number, Promise<LocalConsumer>>();
  readonly #open = new Map<number, LocalConsumer>();

  constructor(openOne: (setup: ConsumerSetup) => Promise<LocalConsumer>) {
    this.#openOne = openOne;
  }

  get(consumerId: number): LocalConsumer | undefined {
    return this.#open.get(consumerId);
  }

  [Symbol.iterator](): IterableIterator<LocalConsumer> {
    return this.#open.values();
  }

  *sessions(): Generator<[LocalConsumer, MemberSession]> {
    for (const local of this.#open.values()) for (const session of local.sessions.values()) yield [local, session];
  }

  /** The last member may leave, and close the consumer, in the same breath: then there is another one. */
  async open(setup: ConsumerSetup): Promise<LocalConsumer> {
    let local = await this.#begin(setup);
    while (this.#open.get(setup.consumerId) !== local) local = await this.#begin(setup);
    return local;
  }

  /** The session is no longer here; what the database has of it is somebody else's, or over. */
  forget(local: LocalConsumer, session: MemberSession, reason: EndReason): void {
    session.end(reason);
    local.sessions.delete(session.id);
    const { consumerId } = local.setup;
    if (local.sessions.size > 0 || this.#open.get(consumerId) !== local) return;
    this.#opening.delete(consumerId);
    this.#open.delete(consumerId);
    local.close();
  }

  #begin(setup: ConsumerSetup): Promise<LocalConsumer> {
    const { consumerId } = setup;
    const known = this.#opening.get(consumerId);
    if (known !== undefined) return known;
    const opening = this.#openOne(setup);
    this.#opening.set(consumerId, opening);
    opening.then(
      (opened) => this.#open.set(consumerId, opened),
      () => this.#opening.delete(consumerId),
    );
    return opening;
  }
}
