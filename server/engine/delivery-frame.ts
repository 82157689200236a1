import type { Delivery } from "../contract/settlements.ts";

/** The parts of a delivery frame that stay the same for one topic, partition and epoch; the rest is spliced. */
export interface FrameTemplate {
  readonly id: string;
  readonly before: string;
  readonly after: string;
  readonly afterReplay: string;
  readonly epoch: number;
}

type Fixed = Pick<Delivery, "topic" | "partition" | "epoch">;

export function frameTemplate({ topic, partition, epoch }: Fixed): FrameTemplate {
  const tail = (replay: boolean) => `,"epoch":${epoch},"attempt":1,"replay":${replay}},"event":`;
  return {
    id: `id: ${topic}/`,
    before: `\ndata: {"delivery":{"topic":${JSON.stringify(topic)},"partition":${partition},"offset":`,
    after: tail(false),
    afterReplay: tail(true),
    epoch,
  };
}

/** One delivery as a finished server-sent event; `json` is the event's CloudEvent text, never parsed. */
export function deliveryFrame(
  template: FrameTemplate,
  event: { offset: number; json: string },
  isReplay: boolean,
): string {
  const { offset, json } = event;
  return `${template.id}${offset}${template.before}${offset}${isReplay ? template.afterReplay : template.after}${json}}\n\n`;
}

export interface ParkedDelivery {
  readonly offset: number;
  readonly json: string;
  /** 1 for the first delivery. */
  readonly attempt: number;
  readonly isReplay: boolean;
  readonly operationId: string | null;
  /** Out of the order of offsets; false for a consumer whose order is the topic's. */
  readonly isParked: boolean;
}

/** A delivery that is not the first in the plain flow: tried again, released, redriven or replayed. */
export function parkedDeliveryFrame(template: FrameTemplate, delivery: ParkedDelivery): string {
  const { offset, json, attempt, isReplay, operationId, isParked } = delivery;
  const marks = `${isParked ? ',"parked":true' : ""}${operationId === null ? "" : `,"operation":"${operationId}"`}`;
  return `${template.id}${offset}${template.before}${offset},"epoch":${template.epoch},"attempt":${attempt},"replay":${isReplay}${marks}},"event":${json}}\n\n`;
}

export type ControlFrame = "assignment" | "revoked" | "reset" | "caught-up" | "parked" | "paused" | "resumed";

/** A named frame that tells the member something about its partitions. */
export function controlFrame(name: ControlFrame, data: object): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}
