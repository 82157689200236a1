import type { Delivery } from "../../contract/settlements.ts";

/** The parts of a delivery that stay the same for one topic, partition and epoch; the rest is spliced. */
export interface DeliveryTemplate {
  readonly before: string;
  readonly after: string;
  /** All that follows the offset of a first delivery with no other mark: nearly every one. */
  readonly afterPlain: string;
}

export function deliveryTemplate({
  topic,
  partition,
  epoch,
}: Pick<Delivery, "topic" | "partition" | "epoch">): DeliveryTemplate {
  const after = `,"epoch":${epoch},"attempt":`;
  return {
    before: `{"topic":${JSON.stringify(topic)},"partition":${partition},"offset":`,
    after,
    afterPlain: `${after}1,"replay":false,"redelivered":false}`,
  };
}

/** One delivery as text: its name in the session, the JSON of `delivery`, and that of `event`, which is never parsed. */
export interface DeliveryText {
  /** `<session>.<n>` */
  readonly id: string;
  readonly delivery: string;
  readonly event: string;
}

export interface DeliveryMarks {
  readonly offset: number;
  /** 1 for the first delivery. */
  readonly attempt: number;
  readonly isReplay: boolean;
  /** May have been given to this session before. */
  readonly isRedelivered: boolean;
  /** Out of the order of offsets: it was parked. */
  readonly isParked: boolean;
  readonly operationId: string | null;
}

export function deliveryJson({ before, after, afterPlain }: DeliveryTemplate, marks: DeliveryMarks): string {
  const { offset, attempt, isReplay, isRedelivered, isParked, operationId } = marks;
  const isPlain = attempt === 1 && !isReplay && !isRedelivered && !isParked && operationId === null;
  if (isPlain) return `${before}${offset}${afterPlain}`;
  const rare = `${isParked ? ',"parked":true' : ""}${operationId === null ? "" : `,"operation":"${operationId}"`}`;
  return `${before}${offset}${after}${attempt},"replay":${isReplay},"redelivered":${isRedelivered}${rare}}`;
}

/** Deliveries as server-sent events. */
export function deliveryFrames(deliveries: readonly DeliveryText[]): string {
  let frames = "";
  for (const { id, delivery, event } of deliveries) {
    frames += `id: ${id}\ndata: {"delivery":${delivery},"event":${event}}\n\n`;
  }
  return frames;
}

export type ControlFrame =
  | "session"
  | "assignment"
  | "revoked"
  | "reset"
  | "caught-up"
  | "parked"
  | "paused"
  | "resumed"
  | "removed";

/** A named frame that tells the member something about its partitions. */
export function controlFrame(name: ControlFrame, data: object): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}
