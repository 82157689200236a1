import { type ControlFrame, controlFrame, type DeliveryText, deliveryFrames } from "./delivery-frame.ts";
import type { FrameSink } from "./frame-sink.ts";

/** The way from a session to its member: a stream that stays open, or the answer to one pull. */
export interface Outlet {
  readonly kind: "stream" | "pull";
  /** Deliveries that it takes now. */
  readonly room: number;
  deliver(deliveries: readonly DeliveryText[]): void;
  tell(name: ControlFrame, data: object): void;
  /** Nothing more can be delivered at the moment. */
  settleDown(): void;
  /** There is room again. */
  onRoom(listener: () => void): void;
  end(): void;
}

/** A stream of server-sent events. */
export class StreamOutlet implements Outlet {
  readonly kind = "stream";
  readonly #sink: FrameSink;
  #isWritable = true;
  #onRoom = (): void => {};

  constructor(sink: FrameSink) {
    this.#sink = sink;
    sink.onDrain(() => {
      this.#isWritable = true;
      this.#onRoom();
    });
  }

  get room(): number {
    return this.#isWritable ? Number.POSITIVE_INFINITY : 0;
  }

  deliver(deliveries: readonly DeliveryText[]): void {
    this.#write(deliveryFrames(deliveries));
  }

  tell(name: ControlFrame, data: object): void {
    this.#write(controlFrame(name, data));
  }

  settleDown(): void {}

  onRoom(listener: () => void): void {
    this.#onRoom = listener;
  }

  end(): void {
    this.#sink.end();
  }

  #write(frames: string): void {
    if (!this.#sink.write(frames)) this.#isWritable = false;
  }
}

/** The answer to one pull: it is over once something has come and nothing more comes at once. */
export class PullOutlet implements Outlet {
  readonly kind = "pull";
  readonly deliveries: DeliveryText[] = [];
  /** Resolves when the answer is to be given. */
  readonly done: Promise<void>;
  #room: number;
  #finish = (): void => {};

  /** @param max deliveries, at least 1 */
  constructor(max: number) {
    this.#room = max;
    this.done = new Promise((resolve) => {
      this.#finish = resolve;
    });
  }

  get room(): number {
    return this.#room;
  }

  deliver(deliveries: readonly DeliveryText[]): void {
    this.deliveries.push(...deliveries);
    this.#room -= deliveries.length;
    if (this.#room <= 0) this.end();
  }

  tell(): void {}

  settleDown(): void {
    if (this.deliveries.length > 0) this.end();
  }

  onRoom(): void {}

  end(): void {
    this.#room = 0;
    this.#finish();
  }
}
